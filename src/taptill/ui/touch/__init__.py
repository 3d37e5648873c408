"""A touch panel or a mouse in self-service: fields to touch, each of which stands for keys."""
