"""The event log on Kafka: topics, the relay that publishes the outbox, Debezium's connectors, and who consumes.

Loaded only where TRADEWIND_KAFKA_SERVERS names brokers.
"""
