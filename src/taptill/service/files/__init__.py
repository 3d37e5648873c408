"""What goes in and out of the service as a file: customers as CSV, the whole database as a copy."""
