"""Every place at which a shop may die between two states, read off the saga: a new step is a new row."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from tradewind.contexts.orders.place_order.goods import CONFIRM, RELEASE, RESERVE
from tradewind.contexts.orders.place_order.saga import PLACE_ORDER
from tradewind.runtime.saga.definition import Remote, Work

LOCAL: Final = ("begin", "before_commit", "after_commit")
REMOTE: Final = ("begin", "before_ask", "after_ask", "before_commit", "after_commit")

GOODS: Final = (RESERVE, CONFIRM, RELEASE)
"""Steps that ask nobody where inventory shares the database, as it does here."""


class Boundary(NamedTuple):
    """A failpoint. `per_order`: it is passed once for each order, not once for all that share a transaction."""

    name: str
    per_order: bool = False


def saga_boundaries() -> Iterator[Boundary]:
    """Claiming, each step forward, each step back, the end."""
    yield Boundary("saga.claim.before_commit")
    yield Boundary("saga.claim.after_commit")
    for step in PLACE_ORDER.steps:
        yield from _of(step.name, step.do)
    for step in reversed(PLACE_ORDER.steps):
        yield from _of(f"undo_{step.name}", step.undo)
    yield from _of("end", PLACE_ORDER.end)


def relay_boundaries() -> Iterator[Boundary]:
    """An event's effect and the position of who heard it."""
    yield Boundary("relay.before_commit")
    yield Boundary("relay.after_commit")


def _of(label: str, work: Work | None) -> Iterator[Boundary]:
    asks = isinstance(work, Remote) and work not in GOODS
    for point in REMOTE if asks else LOCAL:
        yield Boundary(f"saga.{label}.{point}", per_order=point.endswith("_ask"))


WORKER: Final = (*saga_boundaries(), *relay_boundaries())
"""Where a worker may die."""
EDGE: Final = ("place.before_commit", "place.after_commit")
"""Where an edge may die: an order is placed, and nobody was told."""
