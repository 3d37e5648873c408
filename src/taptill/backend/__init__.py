"""Requests in, rows of the Customers API out, or one clear kind of trouble."""
