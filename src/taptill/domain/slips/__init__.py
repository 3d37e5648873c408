"""A printed receipt as a value, and what is known of the printer."""
