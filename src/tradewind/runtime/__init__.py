"""What carries every command, event and saga: transactions, batching, outbox, relay, sagas, timers, policy, telemetry."""
