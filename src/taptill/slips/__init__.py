"""Slips: an entry that is committed becomes bytes of ESC/POS and, beside the sale, paper."""
