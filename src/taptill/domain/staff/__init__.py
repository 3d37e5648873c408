"""Who works at the till: members of staff with their roles, and their PINs."""
