"""Edits that say something else than their orders, payments and refunds."""

from tests.audit.plants.plant import EDITED, FOLD, LEDGER, PAYMENTS, RESERVATIONS, SHOWN, STOCK, Plant

_DEARER = "(SELECT id FROM orders.edit WHERE order_id = '{dearer}')"
_CHEAPER = "(SELECT id FROM orders.edit WHERE order_id = '{cheaper}')"
OF_EDITS = (
    Plant(
        "an edit whose difference was not taken",
        f"UPDATE payments.payments SET captured_minor = 0, status = 'AUTHORIZED' WHERE order_id = {_DEARER}",
        (EDITED, LEDGER),
        "it costs 2500 EUR more, of which 0 are taken",
    ),
    Plant(
        "an edit whose difference went nowhere",
        f"UPDATE orders.edit SET refund_id = NULL WHERE id = {_CHEAPER}",
        (EDITED,),
        "it costs 1250 EUR less, of which 0 go back",
    ),
    Plant(
        "an edit that was paid for and is not",
        f"DELETE FROM orders.edit WHERE id = {_DEARER}",
        (EDITED, PAYMENTS, FOLD, SHOWN),
        "but there is no such edit",
    ),
    Plant(
        "an edit that says more than its payment",
        f"UPDATE orders.edit SET difference_minor = difference_minor + 1 WHERE id = {_DEARER}",
        (EDITED, PAYMENTS),
        "it costs 2501 EUR more, its payment is of 2500 EUR",
    ),
    Plant(
        "an edit that is over for its saga alone",
        f"UPDATE orders.edit SET status = 'COMMITTED' WHERE id = {_DEARER}",
        (EDITED,),
        "its saga is COMPLETED, but it is COMMITTED",
    ),
    Plant(
        "an edit that nobody carries",
        f"DELETE FROM runtime.saga WHERE id = {_CHEAPER}",
        (EDITED,),
        "but no saga carries it",
    ),
    Plant(
        "an edit that remembers a street",
        f"""UPDATE orders.edit SET shipping_address = '{{{{"line1": "1 Secret Mews"}}}}' WHERE id = {_DEARER}""",
        (EDITED,),
        "keeps how it was paid, or where it went",
    ),
    Plant(
        "goods that are held for an edit that is over",
        f"""
          INSERT INTO inventory.reservation (order_id, sku, quantity, state, expires_at)
          VALUES ({_DEARER}, 'ROPE', 1, 'HELD', now() + interval '1 h')""",
        (RESERVATIONS, STOCK),
        "1 of it are HELD for an edit that is DONE",
    ),
)
