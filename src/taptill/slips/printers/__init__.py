"""The ways to a printer: a device of usblp, a serial line, TCP, a plain file; each with limits."""
