"""Count what lies in a warehouse while the shop goes on selling.

Opening a stocktake notes what the books say. What is found is compared with that, and the difference is booked on what
the books say by then: sales of the time between are in neither number. Whoever counts adds what left since the opening.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from tradewind.contexts.inventory._domain.stock import EMPTY, MAX_ON_HAND
from tradewind.contexts.inventory._store import stocktakes, warehouses
from tradewind.contexts.inventory._store.stock import Change
from tradewind.contexts.inventory._store.stocktakes import Status, Stocktake
from tradewind.contexts.inventory.adjust_stock.many import book, hold_plain
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Conflict, Invalid
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import planted
from tradewind.runtime.handlers import handler, query

MAX_COUNTED: Final = 500


class InvalidCount(Invalid):
    """Each SKU of the stocktake is counted once, and no other."""


class AlreadyCounted(Conflict):
    """Somebody else has closed it with other numbers."""


class OpenStocktake(Command, frozen=True):
    """Somebody goes to count these."""

    warehouse: str
    skus: Sequence[str]


class CloseStocktake(Command, frozen=True):
    """What was found."""

    stocktake_id: UUID
    counted: Mapping[str, int]


class GetStocktake(Command, frozen=True):
    """One stocktake."""

    stocktake_id: UUID


@handler(action="inventory.count_stock")
async def open_stocktake(command: OpenStocktake, tx: Tx) -> Stocktake:
    """What the books say now; refuses InvalidCount, NoSuchWarehouse, NoSuchStock, NoStockOfItsOwn."""
    if not 1 <= len(set(command.skus)) <= MAX_COUNTED:
        raise InvalidCount(f"Expected 1 to {MAX_COUNTED} SKUs.")
    await warehouses.let_in(tx, command.warehouse, closed=True)
    held = await hold_plain(tx, [(sku, command.warehouse) for sku in command.skus])
    stocktake_id = new_id()
    expected = {sku: one.shelves.get(command.warehouse, EMPTY).on_hand for sku, one in held.items()}
    await stocktakes.add(tx, stocktake_id, command.warehouse, expected)
    tx.audit("inventory.open_stocktake", str(stocktake_id), warehouse=command.warehouse)
    return await stocktakes.read(tx, stocktake_id)


@handler(action="inventory.count_stock")
async def close_stocktake(command: CloseStocktake, tx: Tx) -> Stocktake:
    """The difference is booked; twice the same is booked once.

    Refuses NoSuchStocktake, InvalidCount, AlreadyCounted, and BelowReserved where what was found is promised already.
    """
    before = await stocktakes.hold(tx, command.stocktake_id)
    expected = {line.sku: line.expected for line in before.lines}
    if command.counted.keys() != expected.keys() or any(not 0 <= n <= MAX_ON_HAND for n in command.counted.values()):
        raise InvalidCount(skus=sorted(expected))
    if before.status is Status.CLOSED:
        if command.counted != {line.sku: line.counted for line in before.lines}:
            raise AlreadyCounted(stocktakeId=str(before.id))
        return before
    held = await hold_plain(tx, [(sku, before.warehouse) for sku in expected])
    if planted("count_against_the_books_of_now"):
        expected = {sku: one.shelves[before.warehouse].on_hand for sku, one in held.items()}
    differences = {sku: counted - expected[sku] for sku, counted in command.counted.items() if counted != expected[sku]}
    await stocktakes.close(tx, before.id, command.counted)
    changes = [
        Change(sku, before.warehouse, difference, f"stocktake:{before.id}:{sku}")
        for sku, difference in differences.items()
    ]
    if changes:
        book(tx, held, changes, "stocktake")
    tx.audit("inventory.close_stocktake", str(before.id), differences=differences)
    return await stocktakes.read(tx, before.id)


@query(action="inventory.count_stock")
async def get_stocktake(command: GetStocktake, tx: Tx) -> Stocktake:
    """The stocktake as it stands; refuses NoSuchStocktake."""
    return await stocktakes.read(tx, command.stocktake_id)
