"""Asks payments over gRPC what it holds of a person, and to forget them."""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from google.protobuf.message import Message

from tradewind.contracts.outcomes import Waiting
from tradewind.contracts.privacy import MAX_ORDERS_OF_A_PERSON
from tradewind.contracts.proto.tradewind.payments.v1 import payments_pb2 as pb
from tradewind.runtime.call import Call

ANSWERS: Final = {
    "SeeGivenBack": pb.PayersAnswer,
    "ExportPerson": pb.ExportPersonAnswer,
    "ForgetPerson": pb.ForgetPersonAnswer,
}

OF_ORDERS: Final = frozenset({"payments", "refunds"})
"""Lists of what is held of the orders that are named; the others are of the user."""


class AskedForPersons:
    """Answers to contracts.payments.PersonsAway, for who can ask."""

    async def _ask(self, method: str, request: Message, call: Call) -> Any:
        """Its answer; Waiting where nobody is there."""
        raise NotImplementedError

    async def given_back(self, order_ids: Sequence[UUID], call: Any) -> frozenset[UUID] | Waiting:
        """Those of which everything is back."""
        found: set[UUID] = set()
        for page in _pages(order_ids):
            answer = await self._ask("SeeGivenBack", pb.PayersRequest(payer_ids=page), call)
            if isinstance(answer, Waiting):
                return answer
            found |= {UUID(one) for one in answer.payer_ids}
        return frozenset(found)

    async def export(self, user_id: str, order_ids: Sequence[UUID], call: Any) -> dict[str, Any] | Waiting:
        """All of it, or Waiting: what the user has is asked for with the first orders, and comes once."""
        held: dict[str, list[Any]] = {}
        for number, page in enumerate(_pages(order_ids)):
            of_page = await self._shown(user_id, page, call)
            if isinstance(of_page, Waiting):
                return of_page
            for name, entries in of_page.items():
                if not number or name in OF_ORDERS:
                    held.setdefault(name, []).extend(entries)
        return held

    async def _shown(self, user_id: str, page: Sequence[str], call: Call) -> dict[str, list[Any]] | Waiting:
        held: dict[str, list[Any]] = {}
        offset, more = 0, True
        while more:
            request = pb.ExportPersonRequest(user_id=user_id, payer_ids=page, offset=offset)
            answer = await self._ask("ExportPerson", request, call)
            if isinstance(answer, Waiting):
                return answer
            for name, entries in msgspec.json.decode(answer.held, type=dict[str, list[Any]]).items():
                held.setdefault(name, []).extend(entries)
            offset, more = answer.next_offset, answer.next_offset > offset
        return held

    async def forget(self, user_id: str, order_ids: Sequence[UUID], call: Any) -> Waiting | None:
        """None once it is done."""
        request = pb.PersonRequest(user_id=user_id, payer_ids=[str(one) for one in order_ids])
        answer = await self._ask("ForgetPerson", request, call)
        return answer if isinstance(answer, Waiting) else None


def _pages(order_ids: Sequence[UUID]) -> Iterator[list[str]]:
    """As many as one question may name, and one page without any where there are none."""
    for start in range(0, max(1, len(order_ids)), MAX_ORDERS_OF_A_PERSON):
        yield [str(one) for one in order_ids[start : start + MAX_ORDERS_OF_A_PERSON]]
