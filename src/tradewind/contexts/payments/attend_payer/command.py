"""What orders asks of payments within its own transaction where it can, for who is in another process.

Neither moves money, and both may be asked any number of times. An answer may be old when it is heard: whoever acts on
it has its saga ask for what follows, and of a capture and a void that race one finds what the other has done.
"""

from uuid import UUID

from tradewind.contexts.payments._store import payments
from tradewind.contexts.payments.peer import Payments
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.handlers import handler, query

_PAYMENTS = Payments()


class SeeHold(Command, frozen=True):
    """Whether a payer's money is only held."""

    payer_id: UUID


class HearBuyer(Command, frozen=True):
    """A payer's buyer is back from proving themselves, with `proof` where the provider gave them something."""

    payer_id: UUID
    proof: str | None = None


@query(action="payments.carry")
async def see_hold(command: SeeHold, tx: Tx) -> bool:
    """Held to be captured by hand, and nobody has asked for that. False of who never paid."""
    return bool(await tx.value(payments.ONLY_HELD, command.payer_id))


@handler(action="payments.carry")
async def hear_buyer(command: HearBuyer, tx: Tx) -> None:
    """Refuses with CardNumberRefused. Whoever says so has the payer's saga ask again."""
    if command.proof is not None:
        await _PAYMENTS.prove(tx, command.payer_id, command.proof)
    await _PAYMENTS.hint(tx, [command.payer_id])
    tx.on_commit.append(lambda: failpoint("payments.hear.after_commit"))
