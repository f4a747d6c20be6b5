"""End a flash sale before its time."""
