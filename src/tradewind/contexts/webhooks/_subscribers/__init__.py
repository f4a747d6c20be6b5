"""What webhooks hears of other databases."""
