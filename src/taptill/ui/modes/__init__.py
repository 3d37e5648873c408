"""What the screen shows otherwise where no cashier is at the till."""
