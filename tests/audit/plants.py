"""What an auditor must find: violations to plant in the database, with the checks that they turn red."""

from typing import NamedTuple


class Plant(NamedTuple):
    """What is done to the database, which checks it must turn red, and what the auditor must say."""

    what: str
    sql: str
    red: tuple[str, ...]
    says: str


STOCK, RESERVATIONS, SHIPMENTS = "stock ledger", "reservations", "shipments"
MONEY, PAYMENTS, REFUNDS, LEDGER = "order money", "payments", "refunds", "provider's ledger"
SAGAS, OVERDUE, LEFT = "sagas agree with orders", "no saga overdue", "nothing left behind"
ORDER, DEAD, KEYS, HEARD = "order in the log", "dead letters", "idempotency", "every event heard"
FOLD, HISTORY, SHOWN = "events fold to the row", "status history", "projection orders.orders_by_customer"

PLANTS = (
    Plant(
        "a lamp too many on the shelf",
        "UPDATE inventory.inventory_stock SET on_hand = on_hand + 1 WHERE sku = 'LAMP'",
        (STOCK,),
        "SKU LAMP: on_hand is",
    ),
    Plant(
        "a promise to nobody",
        "UPDATE inventory.inventory_stock SET reserved = reserved + 1 WHERE sku = 'ROPE'",
        (STOCK,),
        "SKU ROPE: reserved is",
    ),
    Plant(
        "more promised than there is",
        """
          ALTER TABLE inventory.inventory_stock DROP CONSTRAINT never_promise_more_than_there_is;
          WITH a AS (INSERT INTO inventory.inventory_adjustment (id, sku, delta, reason, actor)
                     SELECT gen_random_uuid(), sku, reserved - on_hand - 1, 'thief', 'x'
                     FROM inventory.inventory_stock WHERE sku = 'LAMP' RETURNING sku, delta)
          UPDATE inventory.inventory_stock AS s SET on_hand = s.on_hand + a.delta FROM a WHERE a.sku = s.sku""",
        (STOCK,),
        "more is promised than there is",
    ),
    Plant(
        "stock without a row",
        "ALTER TABLE inventory.inventory_adjustment DROP CONSTRAINT inventory_adjustment_sku_fkey; "
        "DELETE FROM inventory.inventory_stock WHERE sku = 'ROPE'",
        (STOCK,),
        "has no row",
    ),
    Plant(
        "goods held for an order that is not",
        """
          INSERT INTO inventory.reservation (order_id, sku, quantity, state, expires_at)
          VALUES (gen_random_uuid(), 'TENT', 1, 'HELD', now() + interval '1 h');
          UPDATE inventory.inventory_stock SET reserved = reserved + 1 WHERE sku = 'TENT'""",
        (RESERVATIONS,),
        "for an order that does not exist",
    ),
    Plant(
        "goods held for an order that is off",
        """
          UPDATE inventory.reservation SET state = 'HELD' WHERE order_id = '{decline}' AND sku = 'ROPE';
          UPDATE inventory.inventory_stock SET reserved = reserved + 1 WHERE sku = 'ROPE'""",
        (RESERVATIONS,),
        "are HELD, but the order is CANCELED",
    ),
    Plant(
        "a paid order whose goods were released",
        """
          UPDATE inventory.reservation SET state = 'RELEASED' WHERE order_id = '{approve}' AND sku = 'ROPE';
          UPDATE inventory.inventory_stock SET on_hand = on_hand + 1 WHERE sku = 'ROPE'""",
        (RESERVATIONS,),
        "the order is PAID, but its 1 are RELEASED",
    ),
    Plant(
        "less reserved than ordered",
        """
          UPDATE inventory.reservation SET quantity = 1 WHERE order_id = '{approve}' AND sku = 'LAMP';
          UPDATE inventory.inventory_stock SET on_hand = on_hand + 2 WHERE sku = 'LAMP'""",
        (RESERVATIONS,),
        "1 were reserved, 3 ordered",
    ),
    Plant(
        "never reserved",
        """
          DELETE FROM inventory.reservation WHERE order_id = '{approve}' AND sku = 'ROPE';
          UPDATE inventory.inventory_stock SET on_hand = on_hand + 1 WHERE sku = 'ROPE'""",
        (RESERVATIONS,),
        "never reserved",
    ),
    Plant(
        "a shipment of a canceled order",
        "UPDATE shipping.shipments SET status = 'READY' WHERE order_id = '{decline-capture}'",
        (SHIPMENTS,),
        "the order is CANCELED, but its shipment is READY",
    ),
    Plant(
        "a paid order without a shipment",
        "DELETE FROM shipping.shipments WHERE order_id = '{approve}'",
        (SHIPMENTS,),
        "its shipment is missing",
    ),
    Plant(
        "goods that leave before they are paid for",
        "INSERT INTO shipping.shipments (order_id, id, status, address) "
        "VALUES ('{waiting}', gen_random_uuid(), 'READY', '{{}}')",
        (SHIPMENTS,),
        "the order is only PENDING_PAYMENT",
    ),
    Plant(
        "goods that arrived unheard",
        "UPDATE shipping.shipments SET status = 'DELIVERED', tracking_number = 'x', "
        "delivered_at = now() - interval '1 h' WHERE order_id = '{approve}'",
        (SHIPMENTS,),
        "is not FULFILLED",
    ),
    Plant(
        "a line that costs more than the order says",
        "UPDATE orders.orders SET items_minor = items_minor + 1, discount_minor = discount_minor + 1 "
        "WHERE id = '{nowhere}'",
        (MONEY, FOLD),
        "its lines are worth 5000 EUR in minor units, the order says 5001",
    ),
    Plant(
        "a total that does not add up",
        """
          DO $$ DECLARE c text; BEGIN FOR c IN
          SELECT conname FROM pg_constraint WHERE conrelid = 'orders.orders'::regclass
          AND contype = 'c'
          LOOP EXECUTE format('ALTER TABLE orders.orders DROP CONSTRAINT %I', c); END LOOP; END $$;
          UPDATE orders.orders SET tax_minor = tax_minor + 1 WHERE id = '{nowhere}'""",
        (MONEY, FOLD),
        "but the total is 5000 EUR",
    ),
    Plant(
        "lines of no order",
        "INSERT INTO orders.order_items (order_id, line, kind, sku, quantity, unit_price_minor) "
        "VALUES (gen_random_uuid(), 1, 'fee', 'X', 1, 1)",
        (MONEY,),
        "there is no order",
    ),
    Plant(
        "a paid order that was not captured",
        "UPDATE payments.payments SET captured_minor = captured_minor - 1 WHERE order_id = '{approve}'",
        (PAYMENTS, LEDGER),
        "the order is PAID, but",
    ),
    Plant(
        "a canceled order whose money was kept",
        "UPDATE payments.payments SET captured_minor = 7, status = 'CAPTURED' WHERE order_id = '{decline}'",
        (PAYMENTS, LEDGER),
        "7 of 7 EUR captured are not given back",
    ),
    Plant(
        "a canceled order whose money is held",
        "UPDATE payments.payments SET status = 'AUTHORIZED' WHERE order_id = '{decline}'",
        (PAYMENTS,),
        "the order is CANCELED, but its payment is AUTHORIZED",
    ),
    Plant(
        "a payment without an order",
        """
          INSERT INTO payments.payments (order_id, id, status, method, currency, amount_minor, authorization_key)
          VALUES (gen_random_uuid(), gen_random_uuid(), 'VOIDED', 'm', 'EUR', 5, 'k')""",
        (PAYMENTS,),
        "without an order",
    ),
    Plant(
        "a refund that no payment knows",
        """
          INSERT INTO payments.refund (id, order_id, amount_minor, reason, status)
          SELECT id, '{approve}', 5, 'x', 'DONE' FROM runtime.saga WHERE id = '{approve}'""",
        (PAYMENTS, REFUNDS),
        "booked as done",
    ),
    Plant(
        "a refund that nobody carries",
        "INSERT INTO payments.refund (id, order_id, amount_minor, reason) "
        "VALUES (gen_random_uuid(), '{approve}', 5, 'x')",
        (REFUNDS,),
        "no saga carries it",
    ),
    Plant(
        "a refund that is done before its saga",
        "UPDATE payments.refund SET status = 'REFUSED' WHERE order_id = '{part}'",
        (PAYMENTS, REFUNDS),
        "REFUSED, but its saga is COMPLETED",
    ),
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
        (FOLD, HISTORY, SHOWN),
        "status is PAID, the events say CONFIRMED",
    ),
    Plant(
        "an event that cannot happen",
        "INSERT INTO runtime.outbox (stamp, event_id, type, key, trace_id, correlation_id, payload) "
        "SELECT stamp + 1000, gen_random_uuid(), type, key, 't', 'c', payload FROM runtime.outbox "
        "WHERE key = '{approve}' AND type LIKE '%order.confirmed%'",
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
