"""Background threads of the journal: the chain is verified, a mirror is kept."""
