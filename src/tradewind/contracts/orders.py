"""What orders tells, and what it takes to place one: the command, its answer and what it refuses."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Protocol
from uuid import UUID

from msgspec import Struct

from tradewind.contracts.inventory import Awaited
from tradewind.contracts.messages import Command, Event
from tradewind.kernel.errors import Invalid, Refusal
from tradewind.kernel.money import Money

MAX_LINES: Final = 1_000
MAX_QUANTITY: Final = 100_000


class OrderLine(Struct, frozen=True, kw_only=True):
    """So many of one product, named by SKU or by id. Only an import brings `unit_price`; a fee brings its own price."""

    qty: int
    sku: str | None = None
    product_id: UUID | None = None
    unit_price: Money | None = None
    kind: str = "goods"


class Imported(Struct, frozen=True, kw_only=True):
    """What an import knows of an order of the past: who bought it when, what else was on the bill."""

    order_id: UUID
    user_id: str
    placed_at: datetime
    shipping: Money
    discount: Money


class QuoteRef(Struct, frozen=True, kw_only=True):
    """The quote of a cart by which an order is placed: goods, prices and address come from there, not from `items`."""

    cart_id: UUID
    token: str


class PlaceOrder(Command, frozen=True):
    """Somebody wants to buy these, or the cart of `quote`. Without a payment method the order waits for `pay`.

    `email`: a guest's, with an order that has no quote; a quote brings its own. `capture_by_hand`: the money is only
    held, and captured when the goods leave or staff says so (D5).
    """

    items: tuple[OrderLine, ...] = ()
    currency: str | None = None
    payment_method: str | None = None
    shipping_address: dict[str, str] | None = None
    imported: Imported | None = None
    quote: QuoteRef | None = None
    email: str | None = None
    capture_by_hand: bool = False


class UnknownProduct(Invalid):
    """Some of what was asked for is not sold here."""


class UnfitCurrency(Invalid):
    """The order's lines are not all priced in the currency that was asked for."""


class UnfitOrder(Invalid):
    """The order has no lines, too many, or a quantity out of bounds."""


class ItemView(Struct, frozen=True, kw_only=True, rename="camel"):
    """One line. `price` is the price of one piece."""

    sku: str
    product_id: UUID | None
    qty: int
    price: Decimal


class Step(Struct, frozen=True, kw_only=True, rename="camel"):
    """A status that the order came to, when and why."""

    status: str
    event: str
    at: datetime
    why: str | None = None


class NextAction(Struct, frozen=True, kw_only=True, rename="camel"):
    """What the buyer has to do before the order can go on: to open `url` and prove themselves there."""

    url: str
    type: str = "redirect"


class EditView(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The last change of an order that was asked for: PENDING (nothing has changed yet), COMMITTED (the order is as
    wanted, money is on its way), DONE, or REFUSED (the order stayed as it was, and `why`)."""

    id: UUID
    status: str
    total_amount: Decimal
    difference: Decimal
    why: str | None = None


class KeptPrice(Struct, frozen=True, kw_only=True, rename="camel"):
    """A line of an order costs `price` a piece, as when it was placed; whoever orders now pays `price_now`."""

    sku: str
    price: Decimal
    price_now: Decimal
    changed_at: datetime


class OrderView(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An order. `totalAmount` = items + shipping + tax - discount, exact. `version` is what `If-Match` names.

    `history`, and the last `edit` where there was one, come with a look at one order. `backorder`: its goods have to
    come first; nothing is charged before they are all there. `keptPrices`: while it waits for its goods or its buyer,
    which of its goods have changed their usual price since it was placed; it keeps those that it has.
    """

    id: UUID
    status: str
    total_amount: Decimal
    currency: str
    items: tuple[ItemView, ...]
    shipping_amount: Decimal
    tax_amount: Decimal
    discount_amount: Decimal
    placed_at: datetime
    shipping_method: str | None = None
    why: str | None = None
    history: tuple[Step, ...] | None = None
    next_action: NextAction | None = None
    version: int = 0
    edit: EditView | None = None
    backorder: Awaited | None = None
    kept_prices: tuple[KeptPrice, ...] | None = None


class OrderedItem(Struct, frozen=True, rename="camel"):
    """One line of an order. `price` is the price of one piece."""

    product_id: UUID | None
    sku: str
    qty: int
    price: Decimal


class OrderPlaced(Event, frozen=True):
    """Somebody wants to buy. `total_amount` = items + shipping + tax - discount."""

    TYPE = "ecommerce.order.order.created.v1"
    order_id: UUID
    user_id: str
    total_amount: Decimal
    currency: str
    items: tuple[OrderedItem, ...]
    shipping_amount: Decimal
    tax_amount: Decimal
    discount_amount: Decimal
    placed_at: datetime


class OrderClaimed(Event, frozen=True):
    """A guest's order became the order of a user who proved the address that was given for it."""

    TYPE = "ecommerce.order.order.claimed.v1"
    order_id: UUID
    user_id: str


class PaymentAwaited(Event, frozen=True):
    """The goods are held; the buyer has yet to say how to pay."""

    TYPE = "ecommerce.order.order.payment_awaited.v1"
    order_id: UUID
    user_id: str | None = None
    """Whose it was then; old logs do not say."""


class OrderConfirmed(Event, frozen=True):
    """Goods, money and carriage are certain."""

    TYPE = "ecommerce.order.order.confirmed.v1"
    order_id: UUID
    user_id: str
    total_amount: Decimal
    currency: str


class OrderPaid(Event, frozen=True):
    """The money is ours."""

    TYPE = "ecommerce.order.order.paid.v1"
    order_id: UUID
    total_amount: Decimal
    currency: str
    user_id: str | None = None
    """Whose it was then; old logs do not say."""


class OrderEdited(Event, frozen=True):
    """The order is of other goods, or goes elsewhere: what it is of now, and what it came to before."""

    TYPE = "ecommerce.order.order.edited.v1"
    order_id: UUID
    edit_id: UUID
    user_id: str
    previous_amount: Decimal
    total_amount: Decimal
    currency: str
    items: tuple[OrderedItem, ...]
    shipping_amount: Decimal
    tax_amount: Decimal
    discount_amount: Decimal
    address_changed: bool
    version: int | None = None
    """The order's from then on; it rises with each edit. Old logs do not say."""


class OrderFulfilled(Event, frozen=True):
    """The buyer has the goods."""

    TYPE = "ecommerce.order.order.fulfilled.v1"
    order_id: UUID
    user_id: str | None = None
    """Whose it was then; old logs do not say."""


class OrderCancelled(Event, frozen=True):
    """The order is off; nothing is held, nothing is owed."""

    TYPE = "ecommerce.order.order.canceled.v1"
    order_id: UUID
    reason: str
    total_amount: Decimal
    currency: str
    user_id: str | None = None
    """Whose it was then; old logs do not say."""


class OrderFailed(Event, frozen=True):
    """The shop could not carry the order out; nothing is held, nothing is owed."""

    TYPE = "ecommerce.order.order.failed.v1"
    order_id: UUID
    cause: str
    user_id: str | None = None
    """Whose it was then; old logs do not say."""


class Buyer(Struct, frozen=True, kw_only=True):
    """Whose an order is, and the address that was given for it, where one was."""

    user_id: str
    email: str | None = None


class BuyersPeer(Protocol):
    """Who is to be written to about an order. Answered to by orders."""

    async def buyers(self, tx: Any, order_ids: Sequence[UUID]) -> Mapping[UUID, Buyer]:
        """Whose each order is now; one question. Unknown orders are left out."""
        ...


class BoughtLine(Struct, frozen=True, kw_only=True):
    """So many of one thing that an order's buyer got, at a price a piece."""

    sku: str
    product_id: UUID | None
    quantity: int
    unit_price: Money


class Sold(Struct, frozen=True, kw_only=True):
    """What an order is of and what it came to. `items` is all lines together, with fees, which `lines` lack."""

    lines: tuple[BoughtLine, ...]
    items: Money
    tax: Money
    discount: Money


class Bought(Sold, frozen=True, kw_only=True):
    """What an order's buyer got, who that is and where the order stands."""

    order_id: UUID
    user_id: str
    status: str
    fulfilled_at: datetime | None
    """When the buyer had it; None before."""


class SoldPeer(Protocol):
    """What orders are of, for whoever gives money back for goods. Answered to by orders, or by what orders told."""

    async def sold(self, tx: Any, order_id: UUID) -> Sold | None:
        """What it is of now; None where that is not known, or not known to be the last word."""
        ...


class HeardPeer(Protocol):
    """What payments heard of what was sold: for a deployment in which orders has another database."""

    async def sold(self, tx: Any, order_id: UUID) -> Sold | None:
        """What the order is of, with every edit of it of which payments knows; None before all that was heard."""
        ...


class ToShip(Struct, frozen=True, kw_only=True):
    """Where an order's goods go, and whether they are paid."""

    address: Mapping[str, str]
    paid: bool


class Replacement(Struct, frozen=True, kw_only=True):
    """An order for `goods` (SKU to pieces) that its buyer gets for some that came back of the order `of`.

    `waits`: nobody is asked for its money before it is known how much of it is paid by what came back.
    """

    of: UUID
    order_id: UUID
    goods: Mapping[str, int]
    waits: bool = False


class OrdersPeer(Protocol):
    """What others may ask of orders inside their own transaction."""

    async def replace(self, tx: Any, replacement: Replacement) -> Money | Refusal:
        """Place that order, its goods held, as its buyer would: what it comes to, or why it cannot be. Once in a
        transaction.

        What they had before costs what it cost then, other things what they cost now; there is no carriage.
        """
        ...

    async def awaiting_credit(self, tx: Any, order_ids: Sequence[UUID]) -> Mapping[UUID, Money]:
        """Those of these replacements that wait, and that nobody called off: what they come to, which stays.

        They are held, so that the answer stays true until the transaction ends.
        """
        ...

    async def credited(self, tx: Any, replaced: Mapping[UUID, UUID]) -> None:
        """It is known what came back pays of these (replacement to the order that it is for): they wait no more.

        The rest of each is charged by the method of that order. Nothing changes for those that do not wait.
        """
        ...

    async def to_ship(self, tx: Any, order_ids: Sequence[UUID]) -> Mapping[UUID, ToShip]:
        """Those of these orders that are certain and whose goods have not come yet; held until the transaction ends."""
        ...

    async def countries(self, tx: Any, order_ids: Sequence[UUID]) -> Mapping[UUID, str]:
        """The country to which each order goes; one question. Those without one are left out."""
        ...

    async def bought(self, tx: Any, order_id: UUID, *, hold: bool = False) -> Bought | None:
        """The order, None where there is none. `hold`: nobody else holds or moves it until the transaction ends."""
        ...
