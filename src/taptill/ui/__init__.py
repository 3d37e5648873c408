"""A TillView in, coloured cells out: the room that draws and takes keys."""
