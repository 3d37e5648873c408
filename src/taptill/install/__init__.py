"""Checks of the machine that a till is installed on."""
