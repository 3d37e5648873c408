"""Sales that were made: what is left of them, who may take them back, how they are found."""
