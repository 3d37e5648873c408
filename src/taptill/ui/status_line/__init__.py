"""The first line of the screen."""
