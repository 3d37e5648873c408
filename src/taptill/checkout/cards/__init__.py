"""Cards of customers at the till: bound, replaced, blocked and unblocked by a supervisor."""
