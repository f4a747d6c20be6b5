"""Let a review through, or hold it back."""
