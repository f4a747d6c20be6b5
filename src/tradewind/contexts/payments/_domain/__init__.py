"""The payment itself: pure."""
