"""A port in, sights out: one device package a module, and only here."""
