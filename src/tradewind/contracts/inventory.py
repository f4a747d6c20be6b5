"""What inventory tells, and how others reserve, confirm and release within their own transaction."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final, Protocol
from uuid import UUID

from msgspec import Struct

from tradewind.contracts.messages import Event
from tradewind.contracts.outcomes import Waiting
from tradewind.kernel.errors import Conflict, NotFound

MAIN: Final = "MAIN"
"""The warehouse that every shop has."""
SENSOR_TOPICS: Final = "iot/inventory/+/delta"
"""Where sensors on the shelves say what came and went."""
SENSOR_DEAD_LETTERS: Final = "iot/inventory/dead-letters"
"""Where they are told what could not be used."""


class ReservedLine(Struct, frozen=True, rename="camel", omit_defaults=True):
    """So many of one SKU, lying in one warehouse; `bundle` is what was ordered, where this is part of one."""

    sku: str
    qty: int
    warehouse: str = MAIN
    bundle: str | None = None


class Part(Struct, frozen=True, rename="camel"):
    """So many of one SKU in each bundle."""

    sku: str
    qty: int


class Level(Struct, frozen=True, rename="camel"):
    """What there is of one SKU in all warehouses together, once what is told has happened.

    Of a SKU's levels the one with the greatest `version` counts, in whichever sequence and however often they come.
    Events of one transaction say the same of it.
    """

    sku: str
    version: int
    on_hand: int
    reserved: int


class StockAdjusted(Event, frozen=True):
    """Stock came or went in `warehouse` otherwise than by an order; `on_hand` and `reserved` count all of them."""

    TYPE = "ecommerce.inventory.stock.adjusted.v1"
    KEY: ClassVar[str] = "product_id"
    product_id: UUID
    sku: str
    delta: int
    on_hand: int
    reserved: int
    reason: str
    warehouse: str = MAIN
    levels: tuple[Level, ...] = ()


class GoodsAnnounced(Event, frozen=True):
    """So many of a product came back or in, told where inventory has a database of its own: it books them once heard.

    What has a `reference` is booked once.
    """

    TYPE = "ecommerce.delivery.goods.announced.v1"
    KEY: ClassVar[str] = "product_id"
    product_id: UUID
    sku: str
    quantity: int
    reason: str
    reference: str | None = None


class LowStockDetected(Event, frozen=True):
    """What can be promised fell to the threshold or below."""

    TYPE = "ecommerce.inventory.stock.low.v1"
    KEY: ClassVar[str] = "product_id"
    product_id: UUID
    sku: str
    available: int


class OutOfStock(Event, frozen=True):
    """Nothing more can be promised."""

    TYPE = "ecommerce.inventory.stock.depleted.v1"
    KEY: ClassVar[str] = "product_id"
    product_id: UUID
    sku: str


class BundleChanged(Event, frozen=True):
    """A bundle is made of these, and so many can be put together: either is another than before.

    Of its `version`s the greatest counts; each is greater than any of a SKU that is no bundle. Old logs say 0.
    """

    TYPE = "ecommerce.inventory.bundle.changed.v1"
    KEY: ClassVar[str] = "product_id"
    product_id: UUID
    sku: str
    parts: tuple[Part, ...]
    available: int
    version: int = 0


class InventoryReserved(Event, frozen=True):
    """An order's goods are held until `expires_at`."""

    TYPE = "ecommerce.inventory.reservation.reserved.v1"
    order_id: UUID
    items: tuple[ReservedLine, ...]
    expires_at: datetime
    levels: tuple[Level, ...] = ()


class ReservationConfirmed(Event, frozen=True):
    """An order's goods have left the stock for good: `items`, which old logs do not say."""

    TYPE = "ecommerce.inventory.reservation.confirmed.v1"
    order_id: UUID
    items: tuple[ReservedLine, ...] = ()
    levels: tuple[Level, ...] = ()


class InventoryReleased(Event, frozen=True):
    """An order's goods are free again: `items`. `nothing_left`: it has no others; old logs do not say."""

    TYPE = "ecommerce.inventory.reservation.released.v1"
    order_id: UUID
    reason: str
    items: tuple[ReservedLine, ...] = ()
    levels: tuple[Level, ...] = ()
    nothing_left: bool = False


class InventoryReservationExpired(Event, frozen=True):
    """Nobody confirmed in time; the goods are free again: `items`."""

    TYPE = "ecommerce.inventory.reservation.expired.v1"
    order_id: UUID
    items: tuple[ReservedLine, ...] = ()
    levels: tuple[Level, ...] = ()


class AwaitedLine(Struct, frozen=True, rename="camel"):
    """So many of one SKU that an order waits for."""

    sku: str
    qty: int


class InventoryBackordered(Event, frozen=True):
    """An order stands in the queue of each of its `items`, until then; none is there before `expected_at`, if known."""

    TYPE = "ecommerce.inventory.backorder.queued.v1"
    order_id: UUID
    items: tuple[AwaitedLine, ...]
    until: datetime
    expected_at: datetime | None = None


class BackorderAllotted(Event, frozen=True):
    """Goods that an order waited for are kept for it: `items`. It waits for `still_waiting` lines more."""

    TYPE = "ecommerce.inventory.backorder.allotted.v1"
    order_id: UUID
    items: tuple[ReservedLine, ...]
    still_waiting: int
    levels: tuple[Level, ...] = ()


class BackorderGivenUp(Event, frozen=True):
    """An order waits no more for `items`, whether they were kept for it already or not."""

    TYPE = "ecommerce.inventory.backorder.given_up.v1"
    order_id: UUID
    items: tuple[AwaitedLine, ...]
    reason: str


class NoSuchWarehouse(NotFound):
    """There is no warehouse with this code."""


class WarehouseClosed(Conflict):
    """Nothing may be put into a warehouse that is not active."""


class ReturnsWait(Conflict):
    """Goods that came back lie there, and nobody has looked at them: inspect those returns first.

    `returns` names the oldest of them, `pieces` says how many pieces all have.
    """


class NotEnoughStock(Conflict):
    """Some of what was asked for is not in stock. `skus` names it."""


class Wanted(Struct, frozen=True):
    """What an order wants held: SKU to quantity; and where it shall go, where that is known (country, postalCode)."""

    order_id: UUID
    quantities: Mapping[str, int]
    ship_to: Mapping[str, Any] | None = None


class Amendment(Struct, frozen=True):
    """What an edit changes of what an order holds: SKU to pieces that come, and to pieces that go.

    What comes may be held already, for `edit_id`.
    """

    order_id: UUID
    edit_id: UUID
    more: Mapping[str, int]
    less: Mapping[str, int]


class ReservationEnded(Conflict):
    """What was held is held no more."""


class Delivery(Struct, frozen=True):
    """So many of a product came (or went, where it is less than none). What has a `reference` is booked once.

    What comes is put into `warehouse`; what goes is taken from wherever it lies, from there first.
    """

    sku: str
    product_id: UUID
    quantity: int
    reference: str | None = None
    warehouse: str = MAIN


class InventoryAway(Protocol):
    """Inventory in another process, asked outside of any transaction, on behalf of `call`. Each may be asked again, in
    any order: a release that comes first lets its reserve hold nothing. All raise Unavailable where nobody knows what
    became of it.
    """

    async def reserve(self, wanted: Wanted, call: object, ttl_s: int = 0) -> InventoryReserved | NotEnoughStock:
        """Hold all of it or nothing; for `ttl_s` seconds, or as long as inventory holds goods of orders."""
        ...

    async def confirm(self, order_id: UUID, call: object) -> bool:
        """Take what is held out of stock; False where it is held no more."""
        ...

    async def release(self, order_id: UUID, call: object) -> Waiting | None:
        """Give back whatever is held or was taken out; Waiting where nobody is there to be asked."""
        ...

    async def amend(self, amendment: Amendment, call: object) -> ReservationEnded | None:
        """Let an order whose goods are out have others; what comes is held for the edit. Once for an edit."""
        ...


class AwaitedGoods(Struct, frozen=True, rename="camel", omit_defaults=True):
    """One line of an order that waits: whether its goods are kept for it, and how many wait for them before it."""

    sku: str
    qty: int
    ready: bool = False
    ahead: int | None = None


class Awaited(Struct, frozen=True, rename="camel", omit_defaults=True):
    """What an order waits for, and until when; nothing of it is there before `expected_at`, where that is known."""

    items: tuple[AwaitedGoods, ...]
    until: datetime
    expected_at: datetime | None = None


class StillAwaited(Struct, frozen=True):
    """Not all is there; the order waits for so many seconds more at most. None left: it has waited too long."""

    left_s: float


class BackordersPeer(Protocol):
    """The queues for goods that are not there, inside the caller's transaction. All but `wait` are idempotent."""

    async def wait(self, tx: object, wanted: Sequence[Wanted]) -> Sequence[InventoryBackordered | None]:
        """Put orders into the queues of all their goods, in order of arrival; None where one may not be waited for.

        The caller tells the events. What was put off is written first; once for an order.
        """
        ...

    async def collect(
        self, tx: object, order_ids: Sequence[UUID]
    ) -> Mapping[UUID, InventoryReserved | StillAwaited | ReservationEnded]:
        """Let those orders hold their goods that have all of them by now. The caller tells the events."""
        ...

    async def give_up(self, tx: object, order_ids: Sequence[UUID], reason: str) -> None:
        """These orders wait no more; what was kept for them is free again."""
        ...

    async def awaited(self, tx: object, order_id: UUID) -> Awaited | None:
        """What an order waits for; None where it does not."""
        ...


class InventoryPeer(Protocol):
    """Try, confirm, cancel (TCC) of many orders at once, inside the caller's transaction. All three are idempotent."""

    async def reserve(self, tx: object, wanted: Sequence[Wanted]) -> Sequence[InventoryReserved | NotEnoughStock]:
        """Hold what is wanted, in order of arrival, each order wholly or not at all. The caller tells the events."""
        ...

    async def confirm(self, tx: object, order_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Take held goods out of stock; the orders whose goods are out (those that expired are missing)."""
        ...

    async def receive(self, tx: object, deliveries: Sequence[Delivery], *, reason: str) -> int:
        """Book what came of many products, each named once; how many were booked (those known by reference are not).

        Refuses NoSuchWarehouse, and WarehouseClosed where something shall come into one.
        """
        ...

    async def let_in(self, tx: object, codes: Collection[str]) -> None:
        """See to it that these stay open until the transaction ends; refuses NoSuchWarehouse and WarehouseClosed."""
        ...

    async def shipped_from(self, tx: object, order_id: UUID) -> Mapping[str, str]:
        """The warehouse that each SKU of an order left, or most of its pieces did; what never left any is missing."""
        ...

    async def release(self, tx: object, order_ids: Sequence[UUID], reason: str) -> None:
        """Give back whatever is held or was taken out."""
        ...

    async def amend(self, tx: object, amendment: Amendment) -> NotEnoughStock | ReservationEnded | None:
        """Let the order hold, or have taken out, what the edit says; None, or why nothing changed. Once for an edit."""
        ...

    async def available(self, tx: object, skus: Sequence[str]) -> Mapping[str, int]:
        """How many of each SKU could be ordered now, though they may have to be waited for; nothing is locked.

        What has no stock is missing.
        """
        ...
