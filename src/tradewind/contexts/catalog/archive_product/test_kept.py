"""The product cache: never older than an event that was heard, however writers and readers meet; one load for many."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec
import pytest
from prometheus_client import REGISTRY

from tests.shops import Shop, a_call, until, working
from tradewind.contexts.catalog._domain.product import NoSuchProduct
from tradewind.contexts.catalog._listeners.forget_products import KEY
from tradewind.contexts.catalog.archive_product.command import ArchiveProduct
from tradewind.contexts.catalog.create_product.command import CreateProduct
from tradewind.contexts.catalog.get_product.kept import ShowProduct
from tradewind.contracts.inventory import StockAdjusted
from tradewind.contracts.pricing import ProductPriceChanged
from tradewind.contracts.reviews import RatingChanged
from tradewind.kernel.clock import now
from tradewind.kernel.errors import Forbidden
from tradewind.ports.cache import Cache
from tradewind.runtime.call import Actor, internal_call
from tradewind.runtime.keeping import Encoded

RENAME: Final = "UPDATE catalog.products SET name = $2 WHERE id = $1"


async def a_product(shop: Shop) -> Any:
    command = CreateProduct(sku="A-1", name="Thing", category="things", amount=Decimal("1.00"), currency="GBP")
    return await shop.dispatch(command, a_call("merchandiser"))


async def shown(shop: Shop, product_id: UUID, *roles: str) -> dict[str, Any]:
    body: Encoded = await shop.dispatch(ShowProduct(product_id=product_id), a_call(*(roles or ("customer",))))
    found: dict[str, Any] = msgspec.json.decode(body.content)
    return found


async def kept(shop: Shop, product_id: UUID) -> bytes | None:
    return await shop.db.peers[Cache].get(f"{KEY}{product_id}")  # type: ignore[attr-defined, no-any-return]


async def until_kept(shop: Shop, product_id: UUID) -> None:
    async def look() -> bytes | None:
        await shown(shop, product_id)
        return await kept(shop, product_id)

    await until(shop, look)


async def tell(shop: Shop, *events: Any) -> None:
    async with shop.db.transaction(internal_call("test")) as tx:
        tx.tell(*events)


async def test_the_policy_is_asked_of_what_is_kept_too(working_shop: Shop) -> None:
    product = await a_product(working_shop)
    await until_kept(working_shop, product.id)
    nobody = msgspec.structs.replace(a_call(), actor=Actor(subject="x", roles=frozenset({"nobody"})))
    with pytest.raises(Forbidden):
        await working_shop.dispatch(ShowProduct(product_id=product.id), nobody)


async def test_what_is_not_there_is_not_kept(working_shop: Shop) -> None:
    product = await a_product(working_shop)
    await until_kept(working_shop, product.id)
    await working_shop.dispatch(ArchiveProduct(product_id=product.id), a_call("merchandiser"))
    await working_shop.tail.caught_up()
    with pytest.raises(NoSuchProduct):
        await shown(working_shop, product.id)
    assert await kept(working_shop, product.id) is None


async def test_who_sees_more_than_others_is_answered_from_the_source(working_shop: Shop) -> None:
    product = await a_product(working_shop)

    async def differs(name: str) -> bool:
        await until_kept(working_shop, product.id)
        await working_shop.db.pool.execute(RENAME, product.id, name)
        assert (await shown(working_shop, product.id, "merchandiser"))["name"] == name
        return bool((await shown(working_shop, product.id))["name"] != name)

    # What is still told of a product that is new, or a tail that is held up, lets a kept answer go: then once more.
    assert any([await differs(f"No event tells this {n}") for n in range(10)])


async def test_a_body_that_is_kept_is_the_one_that_is_sent(working_shop: Shop) -> None:
    product = await a_product(working_shop)
    call = a_call("customer")
    first: Encoded = await working_shop.dispatch(ShowProduct(product_id=product.id), call)
    await until_kept(working_shop, product.id)
    again: Encoded = await working_shop.dispatch(ShowProduct(product_id=product.id), call)
    assert (again.content, again.tag) == (first.content, first.tag)


PRICE: Callable[[Any, int], Any] = lambda p, n: ProductPriceChanged(  # noqa: E731
    product_id=p.id, sku=p.sku, amount=Decimal(n), currency="GBP", valid_from=now()
)
STOCK: Callable[[Any, int], Any] = lambda p, n: StockAdjusted(  # noqa: E731
    product_id=p.id, sku=p.sku, delta=n, on_hand=n, reserved=0, reason="counted"
)
RATING: Callable[[Any, int], Any] = lambda p, n: RatingChanged(  # noqa: E731
    product_id=p.id, average=Decimal("4.5"), count=n
)
SEEN: dict[str, tuple[Callable[[Any, int], Any], Callable[[dict[str, Any]], int]]] = {
    "price": (PRICE, lambda body: int(body["price"]["amount"])),
    "stock": (STOCK, lambda body: int(body["available"])),
    "rating": (RATING, lambda body: int(body["rating"]["count"])),
}


@pytest.mark.parametrize("kind", SEEN)
async def test_an_event_whose_effect_comes_later_does_not_leave_the_old_body_behind(shop: Shop, kind: str) -> None:
    """The tail hears before the subscriber writes: whoever reads in between must not be what is kept."""
    event, seen = SEEN[kind]
    product = await a_product(shop)
    async with working(shop):
        await until_kept(shop, product.id)
    await tell(shop, event(product, 7))
    await shop.tail.caught_up()
    assert await kept(shop, product.id) is None
    assert seen(await shown(shop, product.id)) != 7, "nobody works: the subscriber has not come so far"
    assert await kept(shop, product.id) is None
    async with working(shop):
        await until_kept(shop, product.id)
    assert seen(await shown(shop, product.id)) == 7


async def test_readers_never_see_less_than_what_was_there_when_an_event_was_handled(working_shop: Shop) -> None:
    """Writers write and readers read; what is kept after an event was handled is what the source says after it."""
    shop = working_shop
    product = await a_product(shop)
    done = asyncio.Event()

    async def reader() -> int:
        reads, newest = 0, 0
        while not done.is_set():
            seen = int((await shown(shop, product.id))["available"])
            assert seen >= newest, "what was seen once is not unseen"
            newest, reads = seen, reads + 1
            await asyncio.sleep(0)
        return reads

    readers = [asyncio.create_task(reader()) for _ in range(4)]
    for n in range(1, 41):
        await tell(shop, STOCK(product, n))
        await shop.tail.caught_up()
    await until(shop, lambda: _says(shop, product.id, 40))
    done.set()
    assert sum(await asyncio.gather(*readers)) > 40


async def _says(shop: Shop, product_id: UUID, available: int) -> bool:
    return bool((await shown(shop, product_id))["available"] == available)


async def test_twenty_at_once_are_one_load(working_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = working_shop
    product = await a_product(shop)
    await until_kept(shop, product.id)
    await shop.tail.caught_up()
    asked = 0
    ask = shop.dispatch._ask

    async def counted(*args: Any) -> Any:
        nonlocal asked
        asked += 1
        return await ask(*args)

    monkeypatch.setattr(shop.dispatch, "_ask", counted)
    shop.db.peers[Cache].clear("product:")  # type: ignore[attr-defined]
    bodies = await asyncio.gather(*(shown(shop, product.id) for _ in range(20)))
    assert (asked, len({body["name"] for body in bodies})) == (1, 1)


async def test_where_the_log_is_not_followed_the_cache_is_passed_by(
    working_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = working_shop
    product = await a_product(shop)

    async def is_kept(name: str) -> bool:
        await until_kept(shop, product.id)
        await shop.db.pool.execute(RENAME, product.id, name)
        return bool((await shown(shop, product.id))["name"] != name)

    # As above: a tail that is held up for a moment passes the cache by already.
    assert any([await is_kept(f"Renamed {n}") for n in range(10)])
    monkeypatch.setattr("tradewind.runtime.tail.STALE_AFTER_S", -1.0)
    assert (await shown(shop, product.id))["name"] == "Renamed 9"


async def test_how_often_the_cache_answered_is_measured(working_shop: Shop) -> None:
    product = await a_product(working_shop)

    def told(outcome: str) -> float:
        working_shop.dispatch._keeper._tell()  # type: ignore[union-attr]
        return REGISTRY.get_sample_value("cache_reads_total", {"policy": "product", "outcome": outcome}) or 0.0

    async def counted() -> tuple[float, float]:
        await until_kept(working_shop, product.id)
        hits, misses = told("hit"), told("miss")
        for _ in range(3):
            await shown(working_shop, product.id)
        return told("hit") - hits, told("miss") - misses

    assert (3, 0) in [await counted() for _ in range(10)]
    assert 0.0 < (REGISTRY.get_sample_value("product_cache_hit_ratio") or 0.0) < 1.0
