"""What a planted violation is, and what the checks are called."""

from typing import Final, NamedTuple


class Plant(NamedTuple):
    """What is done to the database, which checks it must turn red, and what the auditor must say."""

    what: str
    sql: str
    red: tuple[str, ...]
    says: str


STOCK, RESERVATIONS, SHIPMENTS = "stock ledger", "reservations", "shipments"
APART, PICKING, CARRIAGE, UNPACKED = "pieces in shipments", "picking", "carriage", "unpacked"
SNAPSHOT = "inventory snapshot"
REPLACED = "replacements"
CLAIMS, TRANSFERS, PURCHASES, QUEUES = "claims", "transfers", "purchases", "queues"
MONEY, PAYMENTS, REFUNDS, LEDGER = "order money", "payments", "refunds", "provider's ledger"
INTENTS = "payment intents"
SAGAS, OVERDUE, LEFT = "sagas agree with orders", "no saga overdue", "nothing left behind"
ORDER, DEAD, KEYS, HEARD = "order in the log", "dead letters", "idempotency", "every event heard"
FOLD, HISTORY, SHOWN = "events fold to the row", "status history", "projection orders.orders_by_customer"
CART, BOUGHT, MERGED = "carts fold to the row", "carts agree with orders", "merged carts"
COUPONS, USES = "coupons", "coupon uses"
PRICES, TOLD, BOOKS = "price history", "prices told", "price books"
MESSAGES = "messages"
HOOKS, IN_ORDER = "webhooks", "order at partners"
PIECES, RETURNED, EDITED, CREDITED = "returned pieces", "returns", "edits", "credits"
REVIEWS, RATINGS, LEARNED = "reviews", "ratings", "recommendations"
TOLD_AGAIN: Final = """
    INSERT INTO runtime.outbox (stamp, event_id, type, key, trace_id, correlation_id, payload)
    SELECT (SELECT max(stamp) + 1 FROM runtime.outbox), gen_random_uuid(), type, key, 't', 'c', payload
    FROM runtime.outbox WHERE
"""
"""Events once more, at the log's end, where nobody has read; which ones follows."""
