"""The words of the till, pure: money, card, customer, mark, basket, decision, charge, errors."""
