"""The technician's page (F12): the till's figures, in parts that fit the smallest screen."""
