"""Files that the service reads and writes: customers as CSV, and backups of the database."""
