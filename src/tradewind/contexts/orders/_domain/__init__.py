"""The order itself: pure."""
