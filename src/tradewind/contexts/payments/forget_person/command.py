"""What payments holds of a person, for customers in another process, who knows which orders are theirs.

Each may be asked any number of times. What the runtime keeps in this database goes with it: nobody else asks it here.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.payments._store import payers, payments
from tradewind.contexts.payments.personal_data import PaymentData, held_of
from tradewind.contexts.payments.refund_payment.claim import Refunds
from tradewind.contracts.messages import Command
from tradewind.contracts.privacy import Person
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import failpoint, planted
from tradewind.runtime.handlers import handler, query
from tradewind.runtime.personal_data import RuntimeData

AT_ONCE: Final = 40
"""Entries of each list that one answer shows at most, so that it is a message that everybody takes."""


class SeeGivenBack(Command, frozen=True):
    """Whether everything that was taken for these orders is back."""

    order_ids: tuple[UUID, ...]


class ShowPerson(Command, frozen=True):
    """What is held of a user and of these orders of theirs, from entry `offset` of each list on."""

    user_id: str
    order_ids: tuple[UUID, ...]
    offset: int = 0


class ForgetPerson(Command, frozen=True):
    """Forget a user, and how these orders of theirs were paid."""

    user_id: str
    order_ids: tuple[UUID, ...]


class Shown(Struct, frozen=True):
    """Entries of each list; where to go on, 0 where that was all."""

    held: dict[str, list[Any]]
    next_offset: int


@query(action="payments.carry")
async def see_given_back(command: SeeGivenBack, tx: Tx) -> Sequence[UUID]:
    """Those of which it is."""
    return sorted(await Refunds().given_back(tx, command.order_ids))


@query(action="payments.carry", at_once=True)
async def show_person(command: ShowPerson, tx: Tx) -> Shown:
    """Amounts in minor units."""
    own = await held_of(tx, command.user_id, command.order_ids)
    kept = await RuntimeData().export(tx, Person(user_id=command.user_id))
    lists: dict[str, list[Any]] = {**own, **kept}
    after = command.offset + AT_ONCE
    held = {name: entries[command.offset : after] for name, entries in lists.items()}
    return Shown(held, after if any(len(entries) > after for entries in lists.values()) else 0)


@handler(action="payments.carry")
async def forget_person(command: ForgetPerson, tx: Tx) -> None:
    """The orders are over: nothing is authorized for them, or for what edits added, whatever is asked late."""
    if not planted("forgotten_come_back"):
        parts = [row["order_id"] for row in await tx.all(payments.PARTS, list(command.order_ids))]
        await payers.call_off_any(tx, [*command.order_ids, *parts])
    await PaymentData().forget(tx, command.user_id, command.order_ids)
    await RuntimeData().erase(tx, Person(user_id=command.user_id))
    tx.audit("privacy.erase", command.user_id)
    await tx.flush()
    failpoint("payments.forget.before_commit")
    tx.on_commit.append(lambda: failpoint("payments.forget.after_commit"))
