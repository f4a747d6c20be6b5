"""The read model authorized_payment: payments whose money was held, each once, and how many they are (S1-112).

Whoever tells of a payment may tell again: a publisher that died, a step that ran twice. Its row says that it is known,
and the metric rises with the rows that are new, once they are committed.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final

from tradewind.contracts.payments import PaymentAuthorized
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import Told, projection
from tradewind.runtime.telemetry import metrics

ADD: Final = """
    INSERT INTO analytics.authorized_payment (payment_id, order_id, amount_minor, currency, authorized_at)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::timestamptz[])
    ON CONFLICT (payment_id) DO NOTHING RETURNING payment_id
"""


@projection("analytics.authorized_payment")
async def authorized_payments(events: Sequence[Told[PaymentAuthorized]], tx: Tx) -> None:
    """One statement however many events; what is told a second time changes nothing."""
    said = [told.event for told in events]
    added = await tx.all(
        ADD, [one.payment_id for one in said], [one.order_id for one in said],
        [Money.parse(one.amount, one.currency).minor for one in said], [one.currency for one in said],
        [told.told_at for told in events],
    )  # fmt: skip
    if added:
        tx.on_commit.append(partial(metrics.payment_authorized_total.inc, len(added)))
