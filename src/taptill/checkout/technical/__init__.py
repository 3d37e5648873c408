"""What the till needs that is no word of selling: tasks in the background, and times."""
