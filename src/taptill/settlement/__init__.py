"""Journal in, the backend's books out: every charge once and only once."""
