"""A capture that was accepted may have failed: find out, and have the books follow."""
