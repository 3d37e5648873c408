"""What changes of customers' cards are made with."""
