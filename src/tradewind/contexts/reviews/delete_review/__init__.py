"""Take it back."""
