"""The broker that sensors talk to: amqtt, with a gate, bounds, and a journal of what it acknowledged."""
