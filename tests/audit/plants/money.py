"""Money that does not add up."""

from tests.audit.plants.plant import CREDITED, FOLD, INTENTS, LEDGER, MONEY, PAYMENTS, REFUNDS, Plant

OF_MONEY = (
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
        "a paid order whose capture failed",
        "UPDATE payments.payments SET captured_minor = 0, status = 'CAPTURE_FAILED', why = 'no funds' "
        "WHERE order_id = '{approve}'",
        (PAYMENTS, LEDGER),
        "0 of 5000 EUR are captured (CAPTURE_FAILED: no funds)",
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
        "a buyer who must act and is not told where",
        """
          INSERT INTO payments.payments (order_id, id, status, method, currency, amount_minor, authorization_key)
          SELECT id, id, 'REQUIRES_ACTION', 'm', currency, total_minor, 'k' FROM orders.orders
          WHERE id = '{waiting}'""",
        (INTENTS,),
        "nobody knows where",
    ),
    Plant(
        "a buyer who is asked about another authorization",
        """
          INSERT INTO payments.payments (order_id, id, status, method, currency, amount_minor, authorization_key)
          SELECT id, id, 'REQUIRES_ACTION', 'm', currency, total_minor, 'k' FROM orders.orders WHERE id = '{waiting}';
          INSERT INTO payments.challenge (order_id, key, url, until) VALUES ('{waiting}', 'j', 'u', now())""",
        (INTENTS,),
        "was asked about j, it waits for k",
    ),
    Plant(
        "a buyer whose time is long over",
        """
          INSERT INTO payments.payments (order_id, id, status, method, currency, amount_minor, authorization_key)
          SELECT id, id, 'REQUIRES_ACTION', 'm', currency, total_minor, 'k' FROM orders.orders WHERE id = '{waiting}';
          INSERT INTO payments.challenge (order_id, key, url, until)
          VALUES ('{waiting}', 'k', 'u', now() - interval '1 hour')""",
        (INTENTS,),
        "and nobody has undone it",
    ),
    Plant(
        "a hold that was captured by itself",
        "UPDATE payments.payments SET by_hand = true WHERE order_id = '{approve}'",
        (INTENTS,),
        "nobody asked for it",
    ),
    Plant(
        "more captured than was asked for",
        "UPDATE payments.payments SET by_hand = true, to_capture_minor = captured_minor - 1 "
        "WHERE order_id = '{approve}'",
        (INTENTS, PAYMENTS),
        "asked for",
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
    Plant(
        "a credit that nobody has",
        "DELETE FROM payments.credit WHERE order_id = '{instead}'",
        (CREDITED,),
        "1250 in minor units came back to pay for it, but 0 are paid",
    ),
    Plant(
        "an order that says more was paid for it than was",
        "UPDATE payments.payments SET prepaid_minor = prepaid_minor - 1 WHERE order_id = '{instead}'",
        (CREDITED, LEDGER),
        "its payment says that 1249 EUR of it are paid by others, but they are 1250",
    ),
    Plant(
        "a refund that went to the card and to another order",
        "UPDATE payments.payments SET elsewhere_minor = elsewhere_minor - 1 WHERE order_id = '{exchanged}'",
        (CREDITED, LEDGER),
        "1249 EUR of it went elsewhere than to its card, but 1250 pay for others",
    ),
    Plant(
        "a refund of what was never paid",
        """
          INSERT INTO payments.refund (id, order_id, amount_minor, reason, status, credited_to)
          VALUES (gen_random_uuid(), gen_random_uuid(), 5, 'x', 'DONE', '{approve}')""",
        (CREDITED, REFUNDS),
        "for which nothing was paid",
    ),
)
