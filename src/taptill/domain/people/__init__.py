"""Customers by name: how names are compared, and a search among many of them."""
