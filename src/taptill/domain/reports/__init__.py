"""The figures of reports: pure, from journal entries, in integers of minor units.

`counter.py` adds entries up to a `Report`, whatever asks for one: the commands, and a report of a
shift. Nothing else computes a figure of a report, so that no two figures can differ.
"""
