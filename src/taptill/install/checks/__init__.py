"""The checks of `taptill doctor`, one module for each thing that a till depends on."""
