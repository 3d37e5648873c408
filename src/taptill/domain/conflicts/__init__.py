"""Cases of the conflict desk as a person sees and decides them."""
