"""Hear what a carrier tells by itself: each notice once, as a reason to ask it, so their order does not matter."""

from collections.abc import Mapping
from contextlib import suppress
from uuid import UUID

from tradewind.contexts.shipping._store import parcels
from tradewind.contracts.messages import Command
from tradewind.kernel.clock import now
from tradewind.kernel.errors import NotFound
from tradewind.ports.carrier import Carriers
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class NoSuchCarrier(NotFound):
    """There is no such carrier that tells anything by itself."""


class HearCarrier(Command, frozen=True):
    """What came, as it came."""

    carrier: str
    headers: Mapping[str, str]
    body: bytes


@handler(action="shipping.hear_carrier")
async def hear_carrier(command: HearCarrier, tx: Tx) -> None:
    """Refuses with NoSuchCarrier, UnfitSignature, UnfitNotice. What is about no parcel of ours changes nothing."""
    reader = tx.peer(Carriers).readers.get(command.carrier)
    if reader is None:
        raise NoSuchCarrier
    notices = reader.read(command.headers, command.body, now())
    new = await parcels.hear(tx, command.carrier, [one.notice_id for one in notices])
    about = set()
    for one in notices:
        with suppress(ValueError):
            about |= {UUID(one.key)} if one.notice_id in new else set()
    if about:
        await parcels.hint(tx, command.carrier, sorted(about))
