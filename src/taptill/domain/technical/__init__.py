"""What the rooms share that is no word of the till: delays between attempts, and exact JSON."""
