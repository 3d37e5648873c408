"""The embedded Customers service: the Customers API in, one SQLite file behind it."""
