"""Cards of customers: what a supervisor changes at the till, and what came of it."""
