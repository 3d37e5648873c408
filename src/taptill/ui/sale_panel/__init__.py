"""The sale panel: the lines of the basket, the goods in pages, and the total."""
