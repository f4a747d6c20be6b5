"""Returns that take back more than was bought, or say something else than shelf and books."""

from tests.audit.plants.plant import PIECES, RETURNED, Plant

OF_RETURNS = (
    Plant(
        "a piece that comes back twice",
        """
          WITH again AS (INSERT INTO returns.returns (id, order_id, status, version, reason, currency)
                         VALUES (gen_random_uuid(), '{delivered}', 'REQUESTED', 1, 'DAMAGED', 'EUR') RETURNING id)
          INSERT INTO returns.line (return_id, sku, quantity) SELECT id, 'LAMP', 4 FROM again""",
        (PIECES,),
        "SKU LAMP: 6 are given back, 5 were bought",
    ),
    Plant(
        "a piece restocked on paper only",
        """
          UPDATE inventory.inventory_stock SET on_hand = on_hand - 1 WHERE sku = 'LAMP';
          DELETE FROM inventory.inventory_adjustment WHERE reference LIKE 'return:%'""",
        (RETURNED,),
        "1 pieces are restocked, 0 were put on the shelf",
    ),
    Plant(
        "goods restocked elsewhere than they came to",
        "UPDATE returns.line SET warehouse = 'NORTH' WHERE restocked > 0",
        (RETURNED,),
        "1 of its lines are put into another warehouse than they came to",
    ),
    Plant(
        "a return that pays more than its refund",
        "UPDATE returns.returns SET amount_minor = amount_minor + 1",
        (RETURNED,),
        "it says that 2501 EUR go back, its refund says 2500",
    ),
    Plant(
        "a return without its refund",
        "UPDATE returns.returns SET refund_id = gen_random_uuid()",
        (RETURNED,),
        "but there is no such refund",
    ),
    Plant(
        "a return whose pieces nobody looked at",
        "UPDATE returns.line SET restocked = 0, written_off = 0, refused = 0",
        (RETURNED,),
        "0 of its 2 pieces were looked at",
    ),
    Plant(
        "a return that nobody heard was paid",
        "UPDATE returns.returns SET status = 'INSPECTED', changed_at = now() - interval '1 h'; "
        "UPDATE payments.refund AS f SET created_at = now() - interval '1 h' FROM returns.returns AS r "
        "WHERE f.id = r.refund_id",
        (RETURNED,),
        "the money is back, but it is only INSPECTED",
    ),
    Plant(
        "an exchange of which nobody told its order",
        "UPDATE returns.returns SET replacement_id = '{waiting}' WHERE order_id = '{delivered}'",
        (RETURNED,),
        "which goes out for it, waits to hear what paid for it",
    ),
    Plant(
        "a return of an order that is not",
        "UPDATE returns.returns SET order_id = gen_random_uuid()",
        (PIECES, RETURNED),
        "which does not exist",
    ),
)
