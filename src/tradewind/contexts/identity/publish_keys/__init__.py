"""What others need to verify our tokens."""
