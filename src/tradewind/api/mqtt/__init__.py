"""MQTT: what is published on topics, taken in together, each message at least once. Knows no context."""
