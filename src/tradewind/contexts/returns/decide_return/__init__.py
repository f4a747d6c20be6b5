"""Say yes or no to a return, or call it off."""
