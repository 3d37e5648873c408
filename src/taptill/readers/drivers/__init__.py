"""A port in, frames out: one device package a module, and only here."""
