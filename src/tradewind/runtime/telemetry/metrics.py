"""The shop's own metrics, in Prometheus' terms."""

from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Iterable

from prometheus_client import Counter, Gauge, Histogram

_LATENCY_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


class ManyHistogram(Histogram):
    """A histogram that is told of many at once: each write to the file that processes share costs some microseconds."""

    def observe_many(self, amounts: Iterable[float]) -> None:
        """What `observe` for each comes to, in one write a bucket."""
        total, by_bucket = 0.0, Tally[int]()
        for amount in amounts:
            total += amount
            by_bucket[bisect_left(self._upper_bounds, amount)] += 1
        if by_bucket:
            self._sum.inc(total)
        for bucket, number in by_bucket.items():
            self._buckets[bucket].inc(number)


orders_created_total = Counter("orders_created_total", "Orders accepted.")
order_creation_latency_ms = Histogram(
    "order_creation_latency_ms", "From the call to the committed order, in milliseconds.", buckets=_LATENCY_MS
)
inventory_reservation_failures_total = Counter(
    "inventory_reservation_failures_total", "Reservations refused for want of stock."
)
catalog_search_latency_ms = Histogram(
    "catalog_search_latency_ms", "From a search to its page of products, in milliseconds.", buckets=_LATENCY_MS
)
search_index_waiting = Gauge(
    "search_index_waiting", "Products that the search index has not been told yet as they are shown now.",
    multiprocess_mode="livemax",
)  # fmt: skip
saga_outcomes_total = Counter("saga_outcomes_total", "Sagas that came to rest, by phase.", ["saga", "phase"])
saga_retries_total = Counter("saga_retries_total", "Steps that were asked again.", ["saga", "step"])
saga_oldest_due_seconds = Gauge("saga_oldest_due_seconds", "How long the most overdue saga has waited.")
saga_parked = Gauge("saga_parked", "Sagas in NEEDS_ATTENTION.")
event_lag_ms = ManyHistogram(
    "event_lag_ms", "From an event's birth to its effect, in milliseconds.", ["subscriber"], buckets=_LATENCY_MS
)
event_oldest_waiting_seconds = Gauge(
    "event_oldest_waiting_seconds", "How long the oldest event has waited for somebody who hears it.",
    multiprocess_mode="mostrecent",
)  # fmt: skip
listener_failures_total = Counter(
    "listener_failures_total", "Events at which a listener of a process broke.", ["listener"]
)
dead_letters_total = Counter("dead_letters_total", "Events parked after their last attempt.", ["subscriber"])
webhook_deliveries_total = Counter(
    "webhook_deliveries_total", "Attempts to deliver a webhook, by outcome.", ["outcome"]
)
webhook_retry_attempts_total = Counter("webhook_retry_attempts_total", "Attempts after a webhook's first one.")
retry_queue_away = Gauge(
    "retry_queue_away", "1 where some process does without the RabbitMQ that its owner named.",
    multiprocess_mode="livemax",
)  # fmt: skip
webhook_backlog = Gauge("webhook_backlog", "Messages that wait for a partner.", multiprocess_mode="mostrecent")
webhook_oldest_waiting_seconds = Gauge(
    "webhook_oldest_waiting_seconds", "How long the oldest message has waited for its first attempt.",
    multiprocess_mode="mostrecent",
)  # fmt: skip
payment_gateway_attempts_total = Counter(
    "payment_gateway_attempts_total", "Attempts at the legacy gateway: answered, unknown, not_reached.", ["outcome"]
)
payment_gateway_circuit = Gauge(
    "payment_gateway_circuit", "The legacy gateway's circuit: 0 closed, 1 open, 2 half open.",
    multiprocess_mode="mostrecent",
)  # fmt: skip
payment_fallbacks_total = Counter(
    "payment_fallbacks_total", "New payments that went to the provider over REST in the legacy gateway's place."
)
payment_settlement_differences = Gauge(
    "payment_settlement_differences", "Differences between the providers' reports and the books, of the last day.",
    multiprocess_mode="mostrecent",
)  # fmt: skip
payment_authorized_total = Counter(
    "payment_authorized_total",
    "Payments heard to be authorized, each once (payment.authorized.count).",
)
product_cache_hit_ratio = Gauge(
    "product_cache_hit_ratio", "Reads of a product that its cache answered, since the process began.",
    multiprocess_mode="mostrecent",
)  # fmt: skip
cache_reads_total = Counter("cache_reads_total", "Reads through the cache: hit, miss, bypass.", ["policy", "outcome"])
cache_staleness_ms = Histogram(
    "cache_staleness_ms", "From an event's birth until what it changed was forgotten here, in milliseconds.",
    ["policy"], buckets=_LATENCY_MS,
)  # fmt: skip
shared_store_away = Gauge(
    "shared_store_away", "1 where a part of some process goes without the Redis that processes share.", ["part"],
    multiprocess_mode="livemax",
)  # fmt: skip
shared_cache_unvouched = Gauge(
    "shared_cache_unvouched", "1 where some process finds no stream job that forgets in Redis what other logs tell.",
    multiprocess_mode="livemax",
)  # fmt: skip
wide_rows_away = Gauge(
    "wide_rows_away",
    "1 where some process does without the Cassandra that its owner named.",
    multiprocess_mode="livemax",
)
order_lists_lag_ms = Gauge(
    "order_lists_lag_ms", "Age of the oldest event that was just brought to the lists of orders.",
    multiprocess_mode="livemax",
)  # fmt: skip
order_lists_missed_total = Counter(
    "order_lists_missed", "Lists of orders answered from Postgres because those elsewhere were away or behind."
)
stock_snapshot_lag_ms = Gauge(
    "stock_snapshot_lag_ms", "Age of the oldest event that was just brought to the snapshot of stock.",
    multiprocess_mode="livemax",
)  # fmt: skip
stock_snapshot_missed_total = Counter(
    "stock_snapshot_missed", "Questions for stock answered from Postgres because the snapshot was away or behind."
)
order_search_away = Gauge(
    "order_search_away", "1 where some process does without the index of orders that its owner named.",
    multiprocess_mode="livemax",
)  # fmt: skip
order_search_missed_total = Counter(
    "order_search_missed", "Searches for orders answered from Postgres because their index was away or behind."
)
documents_away = Gauge(
    "documents_away",
    "1 where some process does without the documents that staff looks at.",
    multiprocess_mode="livemax",
)
documents_missed_total = Counter(
    "documents_missed", "Lists of messages answered by their rows because their documents were away or far behind."
)
outside_issuer_away = Gauge(
    "outside_issuer_away",
    "1 where some process cannot ask the outside issuer of tokens for its keys.",
    multiprocess_mode="livemax",
)
streams_open = Gauge("streams_open", "Streams open now.", ["channel"], multiprocess_mode="livesum")
streams_ended_total = Counter("streams_ended_total", "Streams that ended, and why.", ["channel", "code"])
flag_evaluations_total = Counter(
    "flag_evaluations_total", "Times that a feature flag was asked for.", ["flag", "value"]
)
flags_away = Gauge(
    "flags_away", "1 where some process cannot ask the Unleash that its owner named: what it said last holds.",
    multiprocess_mode="livemax",
)  # fmt: skip
commands_total = Counter("commands_total", "Commands answered, by outcome.", ["command", "outcome"])
database_full_total = Counter(
    "database_full", "Transactions that were undone because the database has no room on its disk."
)
batch_size = Histogram(
    "batch_size", "Commands that shared one transaction.", ["lane"], buckets=(1, 2, 4, 8, 16, 32, 64, 128)
)
carts_opened_total = Counter("carts_opened_total", "Carts opened.")
carts_checked_out_total = Counter("carts_checked_out_total", "Carts that became an order.")
carts_abandoned_total = Counter(
    "carts_abandoned_total", "Filled carts that nobody touched for a while; against those opened, the abandonment rate."
)
messages_total = Counter("messages_total", "Messages to people, by channel and how they went.", ["channel", "outcome"])
mqtt_messages_total = Counter(
    "mqtt_messages_total", "Messages taken in by MQTT: taken, duplicate, refused.", ["intake", "outcome"]
)
mqtt_batch_ms = Histogram(
    "mqtt_batch_ms", "From the moment messages were read until they were acknowledged, in milliseconds.",
    buckets=_LATENCY_MS,
)  # fmt: skip
mqtt_connected = Gauge("mqtt_connected", "Processes that take messages in by MQTT.", multiprocess_mode="livesum")
analytics_lag_seconds = Gauge(
    "analytics_lag_seconds", "How long the oldest event has waited that analytics heard and the columns lack.",
    multiprocess_mode="mostrecent",
)  # fmt: skip
kafka_lag = Gauge(
    "kafka_lag", "Messages of a partition that the group has not read yet.", ["group", "topic", "partition"],
    multiprocess_mode="mostrecent",
)  # fmt: skip
kafka_duplicates_total = Counter("kafka_duplicates_total", "Events that came by Kafka once more, and were passed over.")
kafka_pauses_total = Counter("kafka_pauses_total", "Times that partitions were paused because subscribers are slow.")
kafka_given_up_total = Counter(
    "kafka_given_up_total", "Kafka clients given up for another: for long nobody told them their partitions."
)
