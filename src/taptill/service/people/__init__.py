"""Changes of customers and companies."""
