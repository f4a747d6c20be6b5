"""Adapters of the port `retry_queue`: the rows by themselves, or RabbitMQ."""
