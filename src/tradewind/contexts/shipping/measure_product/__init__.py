"""Say what a product weighs, and how large it is."""
