"""What else happens in a shop: carts, coupons, prices of every kind, reviews; made by the shop's own commands."""

from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec

from tests.checkouts import Quoted, a_quoted_cart
from tests.shops import Shop, a_call, until
from tradewind.contexts.carts.manifest import AddLine, ChangeLine, OpenCart, RemoveLine
from tradewind.contexts.pricing.manifest import (
    ActivatePromotion,
    CreatePriceBook,
    CreatePromotion,
    EnterPrices,
    MakeCoupons,
    OverridePrice,
    PublishPriceBook,
    SetPrice,
)
from tradewind.contexts.reviews.manifest import (
    DeleteReview,
    EditReview,
    ModerateReview,
    VoteOnReview,
    Words,
    WriteReview,
)
from tradewind.contracts.identity import GuestMerged
from tradewind.contracts.orders import PlaceOrder, QuoteRef
from tradewind.runtime.call import Call, internal_call

MERCHANT: Final = a_call("admin", subject="merchant")
TEN_PER_CENT: Final = {
    "needs_coupon": True,
    "draft": {
        "name": "Ten per cent off",
        "terms": {"benefit": {"kind": "PERCENTAGE", "percent": "10"}},
        "max_uses": 4,
        "max_per_customer": 2,
    },
}
PRODUCT: Final = "SELECT product_id FROM pricing.product_facts WHERE sku = $1"
PAID: Final = "SELECT count(*) > 0 FROM reviews.purchase WHERE user_id = 'buyer' AND product_id = $1 AND paid"
OVER: Final = "SELECT phase IN ('COMPLETED', 'FAILED') FROM runtime.saga WHERE id = $1"
CLAIMED: Final = """
    SELECT user_id = 'ada' AND (SELECT owner FROM carts.carts WHERE id = $2) = 'ada'
    FROM pricing.redemption AS r JOIN orders.orders AS o ON o.id = r.order_id AND o.user_id = r.customer_id
    WHERE o.id = $1
"""
TOLD: Final = "SELECT NOT EXISTS (SELECT FROM pricing.price_due)"


async def go_shopping(shop: Shop) -> tuple[dict[str, UUID], dict[str, UUID]]:
    """The orders that came of it, and carts, reviews and a promotion by name."""
    promotion = await a_promotion(shop)
    orders, things = await fill_carts(shop)
    await set_prices(shop)
    return orders, {**things, **await write_reviews(shop), "promotion": promotion}


async def a_promotion(shop: Shop) -> UUID:
    """One with a code that was chosen and a batch of two."""
    made: UUID = (await shop.dispatch(msgspec.convert(TEN_PER_CENT, CreatePromotion), MERCHANT)).id
    await shop.dispatch(ActivatePromotion(promotion_id=made), MERCHANT)
    await shop.dispatch(MakeCoupons(promotion_id=made, code="TEN", max_uses=3, max_per_customer=1), MERCHANT)
    await shop.dispatch(MakeCoupons(promotion_id=made, count=2, max_uses=2), MERCHANT)
    return made


async def checked_out(shop: Shop, quoted: Quoted, method: str = "approve") -> UUID:
    """The order, ended."""
    quote = QuoteRef(cart_id=quoted.cart_id, token=quoted.quote.token)
    order = await shop.dispatch(PlaceOrder(quote=quote, payment_method=f"simulated:{method}"), quoted.call)
    await until(shop, lambda: shop.db.pool.fetchval(OVER, order.id))
    order_id: UUID = order.id
    return order_id


async def fill_carts(shop: Shop) -> tuple[dict[str, UUID], dict[str, UUID]]:
    """Carts that are bought (with a coupon, by a guest, in vain), left, and merged when a guest logs in."""
    batch: str = await shop.db.pool.fetchval("SELECT min(code) FROM pricing.coupon WHERE batch_id IS NOT NULL")
    eve, guest, ada = a_call("customer", subject="eve"), a_call("guest", subject="guest-1"), a_call(subject="ada")
    bought = await a_quoted_cart(shop, eve, coupons=("TEN",), LAMP=2, ROPE=1)
    guests = await a_quoted_cart(shop, guest, coupons=(batch,), TENT=2)
    off = await a_quoted_cart(shop, a_call("customer", subject="eve"), coupons=(batch,), ROPE=3)
    orders = {
        "coupon": await checked_out(shop, bought),
        "guests": await checked_out(shop, guests),
        "off": await checked_out(shop, off, "decline"),
    }
    left, mine = await a_cart(shop, eve, LAMP=3, TENT=1), await a_cart(shop, ada, LAMP=1, ROPE=1)
    await shop.dispatch(ChangeLine(cart_id=left, sku="LAMP", quantity=5), eve)
    await shop.dispatch(RemoveLine(cart_id=left, sku="TENT"), eve)
    merged = await a_cart(shop, guest, LAMP=998, TENT=4)
    async with shop.db.transaction(internal_call("test")) as tx:
        tx.tell(GuestMerged(user_id="ada", guest_id="guest-1"))
    await until(shop, lambda: shop.db.pool.fetchval(CLAIMED, orders["guests"], mine))
    things = {"bought_cart": bought.cart_id, "guests_cart": guests.cart_id, "off_cart": off.cart_id}
    return orders, {**things, "left_cart": left, "full_cart": mine, "merged_cart": merged}


async def a_cart(shop: Shop, call: Call, **lines: int) -> UUID:
    """An open cart with so many of each."""
    cart_id: UUID = (await shop.dispatch(OpenCart(), call)).id
    for sku, quantity in lines.items():
        await shop.dispatch(AddLine(cart_id=cart_id, sku=sku, quantity=quantity), call)
    return cart_id


async def set_prices(shop: Shop) -> None:
    """A list price that changed twice, a book in its second version, an override."""
    rope, tent = [await shop.db.pool.fetchval(PRODUCT, sku) for sku in ("ROPE", "TENT")]
    for amount in ("11.00", "13.00"):
        price = SetPrice(product_id=rope, amount=Decimal(amount), currency="EUR", reason="the season")
        await shop.dispatch(price, MERCHANT)
    book = (await shop.dispatch(CreatePriceBook(name="usual", currency="EUR"), MERCHANT)).id
    for amount in ("10.00", "9.00"):
        entries: Any = [{"sku": "LAMP", "amount": amount}]
        await shop.dispatch(msgspec.convert({"book_id": book, "entries": entries}, EnterPrices), MERCHANT)
        await shop.dispatch(PublishPriceBook(book_id=book), MERCHANT)
    over = OverridePrice(product_id=tent, amount=Decimal(8), currency="EUR", reason="it rained")
    await shop.dispatch(over, MERCHANT)
    await until(shop, lambda: shop.db.pool.fetchval(TOLD))


async def write_reviews(shop: Shop) -> dict[str, UUID]:
    """Reviews that are published, edited, held back, deleted and voted on."""
    lamp: UUID = await shop.db.pool.fetchval(PRODUCT, "LAMP")
    await until(shop, lambda: shop.db.pool.fetchval(PAID, lamp))
    reviews = {}
    for name, stars in (("buyer", 5), ("critic", 2), ("spammer", 1), ("waverer", 3)):
        told = WriteReview(product_id=lamp, words=Words(stars=stars, title=name))
        reviews[name] = (await shop.dispatch(told, a_call(subject=name))).id
    for name, accepted in (("critic", True), ("spammer", False), ("waverer", True)):
        await shop.dispatch(ModerateReview(review_id=reviews[name], accepted=accepted), MERCHANT)
    for voter, helpful in (("ada", True), ("eve", True), ("buyer", False)):
        await shop.dispatch(VoteOnReview(review_id=reviews["critic"], helpful=helpful), a_call(subject=voter))
    edited = EditReview(review_id=reviews["buyer"], words=Words(stars=4, title="on second thoughts"))
    await shop.dispatch(edited, a_call(subject="buyer"))
    await shop.dispatch(DeleteReview(review_id=reviews["waverer"]), a_call(subject="waverer"))
    return {f"review_of_{name}": review for name, review in reviews.items()} | {"lamp": lamp}
