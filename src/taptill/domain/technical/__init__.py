"""What the rooms share that is no word of the till: delays, exact JSON, times of the day."""
