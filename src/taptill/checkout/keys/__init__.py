"""The keyboard: tells what a person typed from what a machine typed, and calls the till."""
