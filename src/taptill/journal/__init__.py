"""Drafts in, a chain of entries on disk out: append-only, and never lost."""
