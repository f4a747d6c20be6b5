"""Stream jobs: running sums over events, kept up while they happen.

There is one so far, revenue by minute and by day. What an event comes to is said here, once; an adapter keeps the sums:
in Postgres from the log itself, or in a stream processor's state from Kafka. The same events make the same rows.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from tradewind.contracts.payments import PaymentCaptured, PaymentCaptureFailed, PaymentRefunded, PaymentRefundFailed
from tradewind.kernel.money import Money

SIZES: Final = ("minute", "day")
HEARD: Final = (PaymentCaptured, PaymentCaptureFailed, PaymentRefunded, PaymentRefundFailed)


class Gain(NamedTuple):
    """What one event adds to one window, in minor units of its currency."""

    size: str
    since: datetime
    currency: str
    captured_minor: int
    refunded_minor: int


def gains(
    event: PaymentCaptured | PaymentCaptureFailed | PaymentRefunded | PaymentRefundFailed, told_at: datetime
) -> Sequence[Gain]:
    """One for each size of window: `told_at` says which. UTC. What never came, or went back, counts below zero."""
    minor = Money.parse(event.amount, event.currency).minor
    if isinstance(event, PaymentCaptureFailed | PaymentRefundFailed):
        minor = -minor
    captured, refunded = (0, minor) if isinstance(event, PaymentRefunded | PaymentRefundFailed) else (minor, 0)
    return [Gain(size, _begin(size, told_at), event.currency, captured, refunded) for size in SIZES]


def _begin(size: str, at: datetime) -> datetime:
    minute = at.replace(second=0, microsecond=0)
    return minute if size == "minute" else minute - timedelta(hours=minute.hour, minutes=minute.minute)
