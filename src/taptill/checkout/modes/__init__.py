"""The till without a cashier: self-service with its countdown, and a till that shows balances."""
