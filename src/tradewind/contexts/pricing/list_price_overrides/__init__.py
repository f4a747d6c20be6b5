"""See every override that a product had."""
