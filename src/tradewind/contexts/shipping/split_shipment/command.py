"""Send some of a shipment apart, as a shipment of its own."""

from uuid import UUID

from msgspec import Struct

from tradewind.contexts.shipping._domain.plan import together
from tradewind.contexts.shipping._domain.task import State
from tradewind.contexts.shipping._domain.views import TaskLine, lines_of
from tradewind.contexts.shipping._store import contents, tasks
from tradewind.contexts.shipping.split_shipment.split import split
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Conflict
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class PickedAlready(Conflict):
    """Somebody is picking the shipment, or has; put the task back, or say what is short."""


class SplitShipment(Command, frozen=True):
    """These travel apart: SKU and pieces."""

    shipment_id: UUID
    lines: tuple[tuple[str, int], ...]


class PartView(Struct, frozen=True, kw_only=True, rename="camel"):
    """A shipment and what is in it."""

    id: UUID
    part: int
    lines: tuple[TaskLine, ...]


class SplitView(Struct, frozen=True, kw_only=True, rename="camel"):
    """What stays, and the shipment that travels apart."""

    stays: PartView
    apart: PartView


@handler(action="shipping.pick")
async def split_shipment(command: SplitShipment, tx: Tx) -> SplitView:
    """Refuses NoSuchShipment, LeftTheHouse, PickedAlready, UnfitSplit; then nothing changes."""
    plan = await contents.known(tx, command.shipment_id)
    parts = await split(tx, plan, command.shipment_id, together(command.lines))
    if await tasks.state(tx, command.shipment_id) not in (None, State.OPEN):
        raise PickedAlready
    tx.audit("shipping.split", str(command.shipment_id), apart=str(parts[1].id))
    stays, apart = (PartView(id=one.id, part=one.part, lines=lines_of(one.lines)) for one in parts)
    return SplitView(stays=stays, apart=apart)
