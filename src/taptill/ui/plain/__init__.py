"""The till as lines, for screen readers and Braille: the same views, one line an event.

Two views in, lines out (`news.py`); which of them are said when (`narrator.py`); the terminal
(`terminal.py`). Nothing here imports Textual, or writes a control sequence.
"""
