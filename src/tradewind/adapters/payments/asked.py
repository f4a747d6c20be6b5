"""Payments whose steps are carried in another process: what a saga wants is asked there, outside of transactions."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tradewind.contracts.outcomes import Outcome
from tradewind.contracts.payments import Charge, PaymentsAway, Wish


@dataclass(frozen=True)
class _Question:
    """What is asked once the transaction is over in which it was wished for."""

    ask: Callable[[], Awaitable[Outcome]]

    async def send(self) -> Outcome:
        """Ask; raises Unavailable where the outcome is unknown."""
        return await self.ask()


class _Asked:
    """A step that is opened, carried and booked over there: here its outcome is all there is."""

    def __init__(self, ask: Callable[[UUID, str, Any], Awaitable[Outcome]]) -> None:
        self._ask = ask

    async def prepare(self, _tx: Any, tasks: Sequence[Any]) -> Sequence[Wish | Outcome]:
        """A question for each."""
        return [self._question(task) for task in tasks]

    def _question(self, task: Any) -> Wish:
        return _Question(lambda: self._ask(task.saga_id, task.effect_key, task.call))

    async def record(self, _tx: Any, answered: Sequence[tuple[Any, Any]]) -> Sequence[Outcome]:
        """The answers are outcomes, and booked."""
        return [outcome for _, outcome in answered]


class AskedPayments:
    """Answers to PaymentsPeer where payments has a database of its own. Nothing of it is read here."""

    def __init__(self, away: PaymentsAway) -> None:
        self._away = away

    async def open(self, _tx: Any, charges: Sequence[tuple[Any, Charge]]) -> Sequence[Wish | Outcome]:
        """A question for each charge."""
        return [self._to_authorize(task, charge) for task, charge in charges]

    def _to_authorize(self, task: Any, charge: Charge) -> Wish:
        return _Question(lambda: self._away.authorize(charge, task.effect_key, task.call))

    @property
    def authorize(self) -> _Asked:
        """Hold the money. Prepared by `open`."""
        return _Asked(self._not_by_itself)

    async def _not_by_itself(self, *_: Any) -> Outcome:
        raise NotImplementedError("an authorization is prepared by `open`, which knows the charge")

    @property
    def capture(self) -> _Asked:
        """Take the money that is held."""
        return _Asked(self._away.capture)

    @property
    def cancel(self) -> _Asked:
        """Let go of what is held; give back what was taken."""
        return _Asked(self._away.cancel)

    async def authorized(self, _tx: Any, order_ids: Sequence[UUID]) -> frozenset[UUID]:
        """All of them: their authorization would not be done otherwise, and whoever lets go of it asks for that."""
        return frozenset(order_ids)
