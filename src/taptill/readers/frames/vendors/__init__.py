"""Frame formats and requests of single vendors, as tables for the decoders one folder up."""
