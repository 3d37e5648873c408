"""An RFID till: a tap in, a settled charge out."""

__version__ = "0.1.0"
