"""The return itself: pure."""
