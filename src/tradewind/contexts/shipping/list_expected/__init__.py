"""See what there will be to send."""
