"""A lifecycle is a table of from, by, to: the domain's rule, the picture in the docs and the parameters of the test."""

from enum import StrEnum
from typing import Generic, TypeVar

from tradewind.kernel.errors import Conflict

S = TypeVar("S", bound=StrEnum)


class IllegalMove(Conflict):
    """The present state does not allow this."""


class Lifecycle(Generic[S]):
    """Every arrow there is; whatever is not in the table is refused."""

    def __init__(self, *arrows: tuple[S, type, S]) -> None:
        self.arrows = arrows
        self._to = {(source, by): target for source, by, target in arrows}
        assert len(self._to) == len(arrows), "two arrows leave one state by the same event"

    def allows(self, state: S, by: type) -> bool:
        """Whether an arrow named `by` leaves `state`."""
        return (state, by) in self._to

    def follow(self, state: S, by: type) -> S:
        """The state that `by` leads to; refuses (IllegalMove) where there is no such arrow."""
        try:
            return self._to[state, by]
        except KeyError:
            raise IllegalMove(
                f"{by.__name__} is not possible while {state.value}.", state=state.value, event=by.__name__
            ) from None

    def sources(self, by: type) -> frozenset[S]:
        """The states that `by` may leave."""
        return frozenset(source for source, event, _ in self.arrows if event is by)
