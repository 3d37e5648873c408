"""A machine in, a till that is known to be well out."""
