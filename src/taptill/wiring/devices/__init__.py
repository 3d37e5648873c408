"""What a till prints and sounds: built from the config, beside the sale."""
