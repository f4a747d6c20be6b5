"""Keep somebody out, and let them in again."""
