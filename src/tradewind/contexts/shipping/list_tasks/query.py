"""What is to be picked, oldest first."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from tradewind.contexts.shipping._domain.task import State
from tradewind.contexts.shipping._domain.views import TaskView, lines_of
from tradewind.contexts.shipping._store import tasks
from tradewind.contracts.messages import Command
from tradewind.kernel.pages import FIRST_MOMENT, Keyset, Moment
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

MAX_PAGE: Final = 100
_START: Final[tuple[datetime, UUID]] = (FIRST_MOMENT, UUID(int=0))
BY_AGE: Final = {state: Keyset(f"fulfillment tasks {state}", tuple[Moment, UUID], _START) for state in State}


class TaskPage(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Some tasks. `next` leads to those that follow."""

    items: list[TaskView]
    next: str | None = None


class ListTasks(Command, frozen=True):
    """See those of a state. `cursor` is `next` of the page before."""

    state: State = State.OPEN
    limit: int = 20
    cursor: str | None = None


@query(action="shipping.pick")
async def list_tasks(command: ListTasks, tx: Tx) -> TaskPage:
    """Refuses UnfitCursor."""
    keyset = BY_AGE[command.state]
    after, limit = keyset.after(command.cursor), min(command.limit, MAX_PAGE)
    rows = await tasks.page(tx, command.state, after, limit + 1)
    shown, next_ = keyset.page(rows, limit, lambda row: (row["created_at"], row["shipment_id"]))
    return TaskPage(items=[_view(row) for row in shown], next=next_)


def _view(row: Any) -> TaskView:
    known = {**row}
    del known["created_at"]
    lines = known.pop("lines")
    return TaskView(**known, lines=lines_of(lines and msgspec.json.decode(lines, type=dict[str, int])))
