"""Payments whose steps are carried in another process: what a saga wants is asked there, outside of transactions."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tradewind.contracts.outcomes import Outcome
from tradewind.contracts.payments import Charge, PaymentsAway, PaymentsPeer, Wish


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
    """Answers to contracts.payments.PaymentsPeer. What is read within a transaction is read `here`, as ever."""

    def __init__(self, here: PaymentsPeer, away: PaymentsAway) -> None:
        self._here, self._away = here, away

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

    async def authorized(self, tx: Any, order_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Those whose whole amount is held or ours."""
        return await self._here.authorized(tx, order_ids)

    async def next_actions(self, tx: Any, order_ids: Sequence[UUID]) -> Mapping[UUID, str]:
        """Where buyers must prove themselves."""
        return await self._here.next_actions(tx, order_ids)

    async def hint(self, tx: Any, order_ids: Sequence[UUID]) -> None:
        """Something may have come of what buyers were asked."""
        await self._here.hint(tx, order_ids)

    async def prove(self, tx: Any, order_id: UUID, proof: str) -> None:
        """What the buyer's browser brought back."""
        await self._here.prove(tx, order_id, proof)

    async def saved_tokens(self, tx: Any, named: Sequence[tuple[str, str]]) -> Sequence[str | None]:
        """The tokens of saved payment methods."""
        return await self._here.saved_tokens(tx, named)

    async def only_held(self, tx: Any, order_id: UUID) -> bool:
        """Whether it is held to be captured by hand, and nobody has asked for that."""
        return await self._here.only_held(tx, order_id)
