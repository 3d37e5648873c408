"""Tills beside a service with invented customers: what the demo and practising share."""
