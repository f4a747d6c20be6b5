"""Compare the providers' settlement reports with our books, and name every difference."""
