"""What only the office does: people leave, come back and are forgotten, companies are kept."""
