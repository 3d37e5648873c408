"""Money in and out at the till: cash that a customer pays in, or gets back."""
