"""What pricing hears from others."""
