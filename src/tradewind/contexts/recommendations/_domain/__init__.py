"""What makes two products alike: pure."""
