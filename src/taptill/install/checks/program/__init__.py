"""The checks of the program: config, release, versions, journal."""
