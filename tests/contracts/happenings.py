"""What happens in a working shop beside orders: a flash sale, a review, an account; each from its start to its end."""

import email
import re
from datetime import timedelta
from decimal import Decimal
from email.policy import default
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx2

from tests.builders import a_delivery, a_product
from tests.mailbox import mails_go_to
from tests.shoppers import LONDON
from tests.shops import Shop, a_call, until
from tradewind.adapters.payment_provider.settlements import settlement_reports
from tradewind.app.edge import rest_app
from tradewind.contexts.inventory.manifest import SetBackordering
from tradewind.contexts.orders.cancel_order.command import CancelOrder
from tradewind.contexts.orders.get_order.query import GetOrder
from tradewind.contexts.orders.manifest import OrderLine, PlaceOrder
from tradewind.contexts.payments.doubt_capture.saga import doubt
from tradewind.contexts.payments.doubt_refund.saga import doubt as doubt_refund
from tradewind.contexts.payments.manifest import RefundPayment
from tradewind.contexts.payments.reconcile_settlement.timer import LastReconciled, reconcile_yesterday
from tradewind.contexts.pricing.manifest import EndFlashSale, StartFlashSale
from tradewind.contexts.reviews.manifest import DeleteReview, EditReview, ModerateReview, Words, WriteReview
from tradewind.kernel.clock import driven, now
from tradewind.kernel.errors import NotFound
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import PaymentProvider
from tradewind.ports.settlements import SettlementReports

REFUNDED: Final = "SELECT status = 'DONE' FROM payments.refund WHERE id = $1"
STAFF: Final = a_call("admin", subject="staff")
EMAIL: Final = "claims@shop.test"
PASSWORD: Final = "a wire around the world"
PRODUCT: Final = "SELECT id FROM catalog.products WHERE sku = $1"
TELLS: Final = "SELECT EXISTS (SELECT FROM runtime.outbox WHERE type = $1)"
_CODE: Final = re.compile(r"[A-Za-z0-9_-]{40,}")


async def hears(shop: Shop, kind: str) -> None:
    """Wait until something of this kind is told."""

    async def look() -> bool:
        return bool(await shop.db.pool.fetchval(TELLS, f"ecommerce.{kind}.v1"))

    await until(shop, look)


async def flash_sale(shop: Shop) -> None:
    """A sale that starts, sells out, has a piece again, and is ended."""
    sku = await a_product(shop, "FLASH-1")
    wish = StartFlashSale(sku=sku, price=Decimal(5), quantity=1, per_buyer=1, ends_at=now() + timedelta(hours=1))
    sale = await shop.dispatch(wish, STAFF)
    await hears(shop, "pricing.flash_sale.started")
    bought = await shop.dispatch(
        PlaceOrder(items=(OrderLine(sku=sku, qty=1),), shipping_address={"country": "DE"}), a_call("customer")
    )
    await hears(shop, "pricing.flash_sale.sold_out")
    await shop.dispatch(CancelOrder(order_id=bought.id, reason="changed my mind"), a_call("support"))
    await hears(shop, "pricing.flash_sale.reopened")
    await shop.dispatch(EndFlashSale(sale_id=sale.id), STAFF)
    await hears(shop, "pricing.flash_sale.ended")


async def review(shop: Shop) -> None:
    """A review that is looked at, said otherwise, looked at again, and taken back."""
    product_id = await shop.db.pool.fetchval(PRODUCT, await a_product(shop, "REVIEWED-1"))
    author, said = a_call("customer"), Words(stars=4, title="Good", body="Quite good.", display_name="Ada")

    async def write() -> Any:
        try:
            return await shop.dispatch(WriteReview(product_id=product_id, words=said), author)
        except NotFound:
            return None  # nobody has told the reviews of the product yet

    written = await until(shop, write)
    await shop.dispatch(ModerateReview(review_id=written.id, accepted=True), STAFF)
    await hears(shop, "rating.rating.changed")
    otherwise = Words(stars=1, title="Bad", body="Quite bad.", display_name="Ada")
    await shop.dispatch(EditReview(review_id=written.id, words=otherwise), author)
    await shop.dispatch(ModerateReview(review_id=written.id, accepted=False, why="rude"), STAFF)
    await shop.dispatch(DeleteReview(review_id=written.id), author)


async def account(shop: Shop, mails: Path) -> None:
    """Somebody buys as a guest, registers, proves the address, finds their order, logs in and out."""
    mails_go_to(mails, shop)
    await a_product(shop, "CLAIMED-1")
    transport: Any = httpx2.ASGITransport(app=rest_app(shop))
    async with httpx2.AsyncClient(transport=transport, base_url="http://shop/api/v1/") as http:
        await as_guest(http)
        guest = await as_guest(http)
        await told(http, "auth/register", {"email": EMAIL, "password": PASSWORD, "guestToken": guest}, 202)
        await told(http, "auth/verify-email", {"token": await code(shop, mails)}, 204)
        form = {"grant_type": "password", "username": EMAIL, "password": PASSWORD}
        tokens = (await http.post("auth/token", data=form)).json()
        await hears(shop, "order.order.claimed")
        assert (await http.post("auth/revoke", data={"token": tokens["refresh_token"]})).status_code == 200


async def as_guest(http: httpx2.AsyncClient) -> str:
    """Buy something with an anonymous token and an e-mail address; the token."""
    token = str((await http.post("auth/guest")).json()["access_token"])
    http.headers["Authorization"] = f"Bearer {token}"
    cart = (await told(http, "carts", None, 201))["id"]
    await told(http, f"carts/{cart}/lines", {"sku": "CLAIMED-1", "qty": 1}, 201)
    place = {name.replace("postal_code", "postalCode"): value for name, value in LONDON.items()}
    wish = {"email": EMAIL, "shippingAddress": place, "shippingMethod": "standard"}
    quote = await told(http, f"carts/{cart}/quote", wish, 201)
    agreed = {"quoteToken": quote["token"], "paymentMethod": "simulated:approve"}
    await told(http, f"carts/{cart}/checkout", agreed, 201)
    del http.headers["Authorization"]
    return token


async def told(http: httpx2.AsyncClient, path: str, body: Any, status: int) -> Any:
    """What the shop answers, which must have this status."""
    answer = await http.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def code(shop: Shop, mails: Path) -> str:
    """The code in the mail to EMAIL."""

    async def look() -> str:
        letters = [email.message_from_bytes(path.read_bytes(), policy=default) for path in mails.glob("*.eml")]
        plain = [one.get_body(("plain",)) for one in letters if one["To"] == EMAIL]
        texts = [str(one.get_content()) for one in plain if one is not None]
        return max((found for text in texts for found in _CODE.findall(text)), key=len, default="")

    found: str = await until(shop, look)
    return found


async def backorder(shop: Shop) -> None:
    """Two orders wait for one thing: one is called off, and the other gets it."""
    sku = await a_product(shop, "AWAITED-1", stock=1)
    await shop.dispatch(SetBackordering(sku=sku, limit=5), STAFF)
    command = PlaceOrder(
        items=(OrderLine(sku=sku, qty=2),), payment_method="simulated:approve", shipping_address={"country": "DE"}
    )
    gone, kept = [await shop.dispatch(command, a_call("customer")) for _ in range(2)]
    await shop.dispatch(CancelOrder(order_id=gone.id), a_call("support"))
    await hears(shop, "inventory.backorder.given_up")
    await a_delivery(shop, sku, 1)
    await hears(shop, "inventory.backorder.allotted")

    async def paid() -> bool:
        return bool((await shop.dispatch(GetOrder(order_id=kept.id), STAFF)).status == "PAID")

    await until(shop, paid)


async def failed_capture(shop: Shop, order_id: UUID) -> None:
    """A capture of a paid order of which it is told that it failed, and which its provider then says it refused."""
    provider: Any = shop.db.peers[PaymentProvider]
    key = f"{order_id}/told/1"
    await provider.capture(f"{order_id}/nothing", Money(1, "EUR"), key)
    async with shop.db.transaction(STAFF) as tx:
        await doubt(tx, {key: order_id})
    await hears(shop, "payment.payment.capture_failed")


async def failed_refund(shop: Shop, order_id: UUID) -> None:
    """A refund of a paid order that is done, and of which its provider then says that it refused it."""
    command = RefundPayment(order_id=order_id, amount=Decimal("1.00"), reason="a scratch")
    refund_id = (await shop.dispatch(command, STAFF)).id
    await until(shop, lambda: shop.db.pool.fetchval(REFUNDED, refund_id))
    await told_that_it_failed(shop, refund_id)
    await hears(shop, "payment.payment.refund_failed")


async def told_that_it_failed(shop: Shop, refund_id: UUID) -> None:
    """The provider tells of this refund that it failed; asked what became of it, it says that it refused."""
    provider: Any = shop.db.peers[PaymentProvider]
    key = f"{refund_id}/told/1"
    await provider.refund(f"{refund_id}/nothing", Money(1, "EUR"), key)
    async with shop.db.transaction(STAFF) as tx:
        await doubt_refund(tx, {key: refund_id})


async def settlement(shop: Shop) -> None:
    """A report that knows nothing of what was paid, read when the day is over."""
    before = shop.db.peers
    async with settlement_reports({"soap": f"{shop.engines.provider_url}/soap"}) as reports:
        shop.db.peers = {**before, SettlementReports: reports, LastReconciled: LastReconciled()}
        with driven(now() + timedelta(days=1, hours=1)):
            await reconcile_yesterday(shop.db)
    shop.db.peers = before
    await hears(shop, "payment.settlement.differed")
