"""Who keeps the sums of stream jobs: a chore that reads the log, or Quix Streams on Kafka; both in the same table."""
