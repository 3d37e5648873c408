"""Customers without a tap: found by name."""
