"""What carries every command, event and saga: transactions, batching, outbox, relay, timers, telemetry."""
