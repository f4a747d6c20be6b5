"""Events of contexts with a database of their own: kept beside this database's log, so that partners are told of them.

One who reads this database's outbox finds none of these. It is carried only where a context is elsewhere; what this
database itself tells of the same types comes here, too, and is left to whoever reads its log.
"""

from collections.abc import Sequence
from typing import Final

from tradewind.contexts.webhooks._domain.subscription import PARTNERS_MAY_HEAR
from tradewind.contexts.webhooks._store import foreign
from tradewind.contracts.envelope import EVENTS
from tradewind.runtime.database import Tx
from tradewind.runtime.reading import Logged
from tradewind.runtime.subscriptions import Subscriber

MAY_BE_APART: Final = ("inventory", "payment")
"""Domains of those contexts that may have a database of their own: the second part of their events' types."""


async def hear_elsewhere(events: Sequence[Logged], tx: Tx) -> None:
    """One statement however many. What comes again, by whichever way, is known by its id."""
    foreign_ = [one for one in events if one.is_foreign]
    if foreign_ and await foreign.hear(tx, foreign_):
        tx.ring()


HEAR_ELSEWHERE: Final = Subscriber(
    "webhooks.hear_elsewhere",
    tuple(EVENTS[type_] for type_ in sorted(PARTNERS_MAY_HEAR) if type_.split(".")[1] in MAY_BE_APART),
    hear_elsewhere,
    together=True,
    logged=True,
)
