"""The frames of single makers in, what they say out: tables for the decoders one folder up."""
