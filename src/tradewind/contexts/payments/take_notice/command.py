"""A provider's notice is a hint: taken once, it has the saga look up what really became of the call."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from tradewind.contexts.payments._domain.settings import NOTICES_KEPT_S
from tradewind.contexts.payments._store import challenges
from tradewind.contexts.payments.doubt_capture import saga as captures
from tradewind.contexts.payments.doubt_refund import saga as refunds
from tradewind.contexts.payments.let_go.saga import LET_GO
from tradewind.contexts.payments.refund_payment.command import REFUND_PAYMENT
from tradewind.contracts.messages import Command
from tradewind.contracts.payers import PayersPeer
from tradewind.kernel import clock
from tradewind.kernel.cards import CardNumberRefused, holds_card_number
from tradewind.kernel.errors import NotFound
from tradewind.ports.payment_provider import Notice, NoticeReaders
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import planted
from tradewind.runtime.handlers import handler
from tradewind.runtime.saga import signals
from tradewind.runtime.timers import Timer

MAX_FORGOTTEN: Final = 10_000
OURS: Final = (REFUND_PAYMENT, LET_GO)
"""Sagas of payments that call providers under keys of their own."""
TAKE: Final = """
    INSERT INTO payments.notice (provider, notice_id, key, told_at)
    SELECT $1, a, b, c FROM unnest($2::text[], $3::text[], $4::timestamptz[]) AS t (a, b, c)
    ON CONFLICT DO NOTHING RETURNING key
"""
FORGET: Final = """
    DELETE FROM payments.notice WHERE (provider, notice_id) IN (
        SELECT provider, notice_id FROM payments.notice
        WHERE received_at < now() - $1 * interval '1 second' ORDER BY received_at LIMIT $2)
"""


class NoSuchProvider(NotFound):
    """The shop listens to no payment provider of this name."""


class TakeNotice(Command, frozen=True):
    """A provider posted this. Who it was is known by the signature alone."""

    provider: str
    headers: Mapping[str, str]
    body: bytes


@handler(action="payments.take_notice")
async def take_notice(command: TakeNotice, tx: Tx) -> None:
    """Refuses with NoSuchProvider, Unauthenticated (signature), Invalid (body); what is known already changes nothing.

    Each saga's row is locked first, as its worker does (of sagas in another database, payments' own row of who pays):
    a worker that is just booking an answer is waited for, and one that has asked and not heard yet finds the hint.
    """
    reader = tx.peer(NoticeReaders).by_provider.get(command.provider)
    if reader is None:
        raise NoSuchProvider(provider=command.provider)
    notices = await reader.read(command.headers, command.body, clock.now())
    keys = await _taken(tx, command.provider, notices)
    sagas_of = {key: found for key in keys if (found := _saga_id(key)) is not None}
    ids = sorted(set(sagas_of.values()))
    payers = tx.peer(PayersPeer)
    asking, ours = await payers.hold(tx, ids), await signals.hold(tx, OURS, ids)
    if asking or ours:
        for failed, doubt in (("capture", captures.doubt), ("refund", refunds.doubt)):
            if doubted := {one.key for one in notices if one.failed == failed} & sagas_of.keys():
                await doubt(tx, {key: sagas_of[key] for key in doubted})
        await challenges.hint(tx, [*asking])
        await payers.wake_waiting(tx, [*asking])
        await signals.wake_waiting(tx, OURS, [*ours])
        tx.ring()


async def _taken(tx: Tx, provider: str, notices: Sequence[Notice]) -> Sequence[str]:
    """The keys of those that were not known."""
    first = {notice.notice_id: notice for notice in notices}
    told = [first[notice_id] for notice_id in sorted(first)]
    if any(holds_card_number(text) for one in told for text in (one.notice_id, one.key)):
        raise CardNumberRefused
    columns = [one.notice_id for one in told], [one.key for one in told], [one.at for one in told]
    if planted("notices_are_dropped"):
        return ()
    return [row["key"] for row in await tx.all(TAKE, provider, *columns)] if told else ()


def _saga_id(key: str) -> UUID | None:
    """Every call carries a key that begins with the id of the saga that makes it."""
    try:
        return UUID(key.partition("/")[0])
    except ValueError:
        return None


async def forget(tx: Tx) -> int:
    """Forget notices whose signatures are long too old to be taken again."""
    return await tx.run(FORGET, NOTICES_KEPT_S, MAX_FORGOTTEN)


FORGET_NOTICES = Timer("payments.forget_notices", 600.0, forget)
