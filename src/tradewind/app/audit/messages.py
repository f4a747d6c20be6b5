"""Messages: each is about something that happened, there is one an event and channel, and none is forgotten."""

from collections.abc import Sequence
from typing import Final

ABOUT: Final[Sequence[tuple[str, str]]] = (
    ("payment_awaited", "ecommerce.order.order.payment_awaited.v1"),
    ("order_backordered", "ecommerce.inventory.backorder.queued.v1"),
    ("order_goods_ready", "ecommerce.inventory.backorder.allotted.v1"),
    ("order_changed", "ecommerce.order.order.edited.v1"),
    ("order_confirmed", "ecommerce.order.order.confirmed.v1"),
    ("order_shipped", "ecommerce.shipping.shipment.dispatched.v1"),
    ("order_delivered", "ecommerce.shipping.shipment.delivered.v1"),
    ("order_cancelled", "ecommerce.order.order.canceled.v1"),
    ("order_failed", "ecommerce.order.order.failed.v1"),
    ("order_refunded", "ecommerce.payment.payment.refunded.v1"),
    ("return_approved", "ecommerce.return.return.approved.v1"),
    ("return_rejected", "ecommerce.return.return.rejected.v1"),
    ("return_received", "ecommerce.return.return.received.v1"),
    ("cart_abandoned", "ecommerce.cart.cart.abandoned.v1"),
)
KINDS: Final = [kind for kind, _ in ABOUT]
TYPES: Final = [event for _, event in ABOUT]
OVERDUE_S: Final = 86_400
"""What has been due for so long is carried by nobody: quiet hours and retries are shorter."""
MESSAGES: Final = """
    WITH about AS (SELECT unnest($2::text[]) AS kind, unnest($3::text[]) AS type),
    told AS (
        SELECT a.kind, count(*) AS times,
               coalesce(e.payload->>'shipmentId', e.payload->>'paymentId', e.payload->>'cartId',
                        e.payload->>'editId', e.key) AS subject
        FROM runtime.outbox AS e JOIN about AS a ON a.type = e.type GROUP BY 1, 3),
    judged AS (
        SELECT m.id, NULLIF(concat_ws(', ',
            CASE WHEN t.times IS NULL THEN 'is about something that was never told' END,
            CASE WHEN m.kind = 'order_refunded' AND split_part(m.subject, '/', 2)::int > t.times THEN
                format('is about refund %s of %s', split_part(m.subject, '/', 2), t.times) END,
            CASE WHEN count(*) OVER (PARTITION BY m.kind, m.subject, m.channel) > 1 THEN
                format('is one of several about one event by %s', m.channel) END,
            CASE WHEN m.status = 'OWED' AND m.due_at < now() - make_interval(secs => $4) THEN
                format('is due since %s', m.due_at) END), '') AS why
        FROM notifications.message AS m
        LEFT JOIN told AS t ON t.kind = m.kind AND t.subject = split_part(m.subject, '/', 1))
    SELECT count(*) AS checked, 0 AS in_flight, count(why) AS violated,
           (array_agg(format('message %s: %s', id, why) ORDER BY id) FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
