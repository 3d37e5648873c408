"""The bundle of `taptill support`: what helps whoever is asked, without people and secrets.

Each part takes over what is named here and leaves the rest, instead of looking for what is secret.
Two nets are below that: a text of which the program is not the author loses every word that the
program does not know, and every known name, card id and secret is taken out of every file.
"""
