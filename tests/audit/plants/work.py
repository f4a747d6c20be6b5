"""Sagas, the log, those who hear it, and what is folded from it."""

from tests.audit.plants.plant import (
    DEAD,
    FOLD,
    HEARD,
    HISTORY,
    HOOKS,
    KEYS,
    LEFT,
    ORDER,
    OVERDUE,
    RESERVATIONS,
    SAGAS,
    SHOWN,
    TOLD_AGAIN,
    Plant,
)

OF_WORK = (
    Plant("an order without a saga", "DELETE FROM runtime.saga WHERE id = '{approve}'", (SAGAS,), "no saga carries it"),
    Plant(
        "a saga without an order",
        """
          INSERT INTO runtime.saga (id, name, version, phase, step, trace_id, correlation_id)
          VALUES (gen_random_uuid(), 'place_order', 1, 'COMPLETED', 6, 't', 'c')""",
        (SAGAS,),
        "without an order",
    ),
    Plant(
        "a saga that failed a paid order",
        "UPDATE runtime.saga SET phase = 'FAILED' WHERE id = '{approve}'",
        (SAGAS,),
        "the saga is FAILED, but the order is PAID",
    ),
    Plant(
        "a saga that nobody carries",
        "UPDATE runtime.saga SET due_at = now() - interval '5 min' WHERE id = '{waiting}'",
        (OVERDUE,),
        "nobody carries it",
    ),
    Plant(
        "a saga held by one who hangs",
        "UPDATE runtime.saga SET due_at = now() - interval '5 min', "
        "lease_until = now() + interval '1 h' WHERE id = '{waiting}'",
        (OVERDUE,),
        "leased until",
    ),
    Plant(
        "a saga that nothing wakes",
        "UPDATE runtime.saga SET due_at = NULL WHERE id = '{waiting}'",
        (OVERDUE,),
        "nothing will ever wake it",
    ),
    Plant(
        "a saga that takes for ever",
        "UPDATE runtime.saga SET started_at = now() - interval '3 days' WHERE id = '{waiting}'",
        (OVERDUE,),
        "STARTED at step 1 since",
    ),
    Plant(
        "a saga that needs a person",
        "UPDATE runtime.saga SET phase = 'NEEDS_ATTENTION', due_at = NULL, why = 'ask me' WHERE id = '{waiting}'",
        (OVERDUE,),
        "parked since",
    ),
    Plant(
        "a lease that outlived its saga",
        "UPDATE runtime.saga SET lease_until = now() + interval '1 h' WHERE id = '{approve}'",
        (LEFT,),
        "has ended, but is leased",
    ),
    Plant(
        "an event told twice",
        "INSERT INTO runtime.outbox (stamp, event_id, type, key, trace_id, correlation_id, payload) "
        "SELECT stamp, event_id, 'ecommerce.x.y.z.v1', key, 't', 'c', payload FROM runtime.outbox LIMIT 1",
        (ORDER,),
        "once more",
    ),
    Plant(
        "an event out of order",
        "INSERT INTO runtime.outbox (stamp, event_id, type, key, trace_id, correlation_id, payload) "
        "SELECT 1, gen_random_uuid(), type, key, 't', 'c', payload FROM runtime.outbox "
        "WHERE type = 'ecommerce.payment.payment.captured.v1' LIMIT 1",
        (ORDER,),
        "sorts before it",
    ),
    Plant(
        "an event that nobody heard",
        "UPDATE runtime.outbox SET occurred_at = now() - interval '1 h'; "
        "UPDATE runtime.position SET stamp = 0, position = 0 WHERE subscriber = 'inventory.on_product_created'",
        (HEARD,),
        "inventory.on_product_created stands at (0, 0) and has not heard 3 events",
    ),
    Plant(
        "a subscriber that never began",
        "UPDATE runtime.outbox SET occurred_at = now() - interval '1 h'; "
        "DELETE FROM runtime.position WHERE subscriber = 'inventory.on_product_created'",
        (HEARD,),
        "has not heard",
    ),
    Plant(
        "an event given up",
        "INSERT INTO runtime.dead_letter (subscriber, position, event_id, type, reason, attempts) "
        "SELECT 'somebody', position, event_id, type, 'poison', 5 FROM runtime.outbox LIMIT 1",
        (DEAD,),
        "poison",
    ),
    Plant(
        "an answer that names no order",
        "UPDATE runtime.idempotency SET answer = jsonb_set(answer, '{{id}}', "
        "to_jsonb(gen_random_uuid()::text)) WHERE answer ->> 'id' = '{approve}'",
        (KEYS,),
        "which does not exist",
    ),
    Plant(
        "an order placed twice under one id",
        "INSERT INTO runtime.audit_entry (actor, action, subject, correlation_id, "
        "facts) VALUES ('x', 'orders.place', '{approve}', 'c', '{{}}')",
        (KEYS,),
        "was placed 2 times",
    ),
    Plant(
        "an order that vanished from the trail",
        "DELETE FROM runtime.audit_entry WHERE subject = '{approve}'",
        (KEYS,),
        "was placed 0 times",
    ),
    Plant(
        "an event that was lost",
        "DELETE FROM runtime.outbox WHERE key = '{approve}' AND type LIKE '%order.paid%'",
        (FOLD, HISTORY, SHOWN, HOOKS),
        "status is PAID, the events say CONFIRMED",
    ),
    Plant(
        "an event that cannot happen",
        TOLD_AGAIN + "key = '{approve}' AND type LIKE '%order.confirmed%'",
        (FOLD, HISTORY),
        "cannot happen while PAID",
    ),
    Plant(
        "a row somebody else wrote",
        "UPDATE orders.orders SET user_id = 'thief' WHERE id = '{approve}'",
        (FOLD,),
        "user is thief, the events say buyer",
    ),
    Plant(
        "a line changed afterwards",
        "UPDATE orders.order_items SET quantity = 1, unit_price_minor = 2500 WHERE order_id = '{approve}' AND line = 1",
        (RESERVATIONS, FOLD),
        "lines that are not",
    ),
    Plant(
        "a history with a gap",
        "DELETE FROM orders.order_status_history WHERE order_id = '{approve}' AND version = 2",
        (HISTORY,),
        "the history's versions are",
    ),
    Plant(
        "a history that lies",
        "UPDATE orders.order_status_history SET status = 'FAILED' WHERE order_id = '{approve}' AND version = 2",
        (HISTORY,),
        "the history says",
    ),
    Plant(
        "a projection that lies",
        "UPDATE orders.orders_by_customer SET status = 'FAILED' WHERE order_id = '{approve}'",
        (SHOWN,),
        "status is FAILED, the events say PAID",
    ),
    Plant(
        "a projection that missed an order",
        "DELETE FROM orders.orders_by_customer WHERE order_id = '{approve}'",
        (SHOWN,),
        "does not show it",
    ),
    Plant(
        "a projection of an order that is not",
        "INSERT INTO orders.orders_by_customer (user_id, placed_at, order_id, "
        "status, total_minor, currency) VALUES ('x', now(), gen_random_uuid(), 'PAID', 1, 'EUR')",
        (SHOWN,),
        "no event that was heard tells of it",
    ),
)
