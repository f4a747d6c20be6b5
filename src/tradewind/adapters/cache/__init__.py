"""The engines behind ports.cache."""
