"""Currencies: which there are, their digits and signs, and how people write amounts in them."""
