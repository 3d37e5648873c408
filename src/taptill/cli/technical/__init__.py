"""What commands need that is no command: the log, and what systemd wants to hear."""
