"""What staff do with the backend at a command: found, made, changed, paid, removed."""
