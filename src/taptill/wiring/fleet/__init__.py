"""What a till says of itself to those who look after many: status file, metrics, crash files."""
