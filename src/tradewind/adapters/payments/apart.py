"""What is asked of payments within a transaction where it has another database: refused in so many words.

Sagas ask it over gRPC, between two transactions (asked.py, grpc.py). Nobody is asked over a network here.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn
from uuid import UUID

from tradewind.contracts.payments import Claimed, Instead
from tradewind.kernel.errors import Unavailable
from tradewind.kernel.money import Money

LATER_S = 3600
"""What is asked for will not be there soon: nobody shall ask again before that."""


class PaymentsElsewhere(Unavailable):
    """This is not available where payments has a database of its own."""

    def __init__(self) -> None:
        super().__init__(retry_after_s=LATER_S)


class AwayRefunds:
    """Answers to RefundsPeer. Whoever owes money has it claimed by a saga of theirs (Refunding): PaymentsElsewhere.

    What was begun in one process, and claims or looks within its own transaction, waits until payments is back in it,
    or for a person.
    """

    async def refund(
        self,
        _tx: Any,
        order_id: UUID,
        refund_id: UUID,
        pieces: Mapping[str, int],
        reason: str,
        instead: Instead | None = None,
    ) -> Claimed:
        """Refused."""
        self._refuse()

    async def refund_amount(self, _tx: Any, order_id: UUID, refund_id: UUID, amount: Money, reason: str) -> Claimed:
        """Refused."""
        self._refuse()

    async def ask_again(self, _tx: Any, order_id: UUID, refund_id: UUID) -> bool:
        """Refused."""
        self._refuse()

    async def standing(self, _tx: Any, refund_ids: Sequence[UUID]) -> Mapping[UUID, Claimed]:
        """Refused."""
        self._refuse()

    async def has_refunds(self, _tx: Any, order_id: UUID, besides: Sequence[UUID]) -> bool:
        """Refused."""
        self._refuse()

    async def given_back(self, _tx: Any, order_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Refused."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise PaymentsElsewhere
