"""The HTTP client of the Customers API; its errors are of the one tree in `domain.errors`."""
