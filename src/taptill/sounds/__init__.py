"""Sounds: what has become of a tap or a sale, heard beside the screen and never needed."""
