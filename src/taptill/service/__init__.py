"""The embedded Customers service: the Customers API over SQLite or PostgreSQL."""
