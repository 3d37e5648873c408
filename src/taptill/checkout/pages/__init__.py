"""Lists and forms beside the sale: log-in, override, undo, shift, history, conflict desk.

A page is a frozen value that is laid over the sale (`Sale.page`), which goes on below it. A key or
a card gives the next page, and where something takes time, the work that leads to it. Pages hold
the rules; what they show is a `PageView`, which one function of `ui` draws for all of them.
"""
