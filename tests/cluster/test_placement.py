"""Which process serves what: refusals for names that there are not, and for what could not work apart."""

import subprocess
import sys
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from tests.builders import a_product
from tests.remote.test_edits_apart import HEARD
from tests.shops import Shop, a_call, open_shop, until
from tradewind.adapters.payments.asked import AskedPayments
from tradewind.app.cluster import GROUPS
from tradewind.app.edge import rest_app
from tradewind.app.elsewhere import OF_INVENTORY, told_there
from tradewind.app.engines import EngineError
from tradewind.app.hosting import stream_jobs
from tradewind.app.placement import CONTEXTS, at_home, installed, kind, manifests, of_inventory, served
from tradewind.app.settings import SettingError, Settings
from tradewind.contexts.catalog._listeners.forget_products import KEY
from tradewind.contexts.catalog.get_product.kept import ShowProduct
from tradewind.contracts.payments import PaymentsPeer, Refunding
from tradewind.ports.cache import Cache
from tradewind.runtime.keeping import Encoded

KAFKA = "127.0.0.1:9092"
OWN = "postgresql://shop@127.0.0.1/inventory"
AWAY = "grpc://127.0.0.1:9"


def apart(settings: Settings, *contexts: str, **more: Any) -> Settings:
    """A process of these contexts."""
    return replace(settings, contexts=contexts, kafka_servers=KAFKA, **more)


def test_without_names_everything_is_served_by_the_same_database(settings: Settings) -> None:
    assert served(settings) == installed(settings) == CONTEXTS
    assert kind(settings) == "shop"
    assert at_home(settings) is settings
    assert told_there(settings) is None


def test_a_name_that_there_is_not_is_refused_and_those_that_there_are_are_listed(settings: Settings) -> None:
    with pytest.raises(SettingError, match="no context named stock") as refused:
        served(apart(settings, "stock"))
    assert all(name in str(refused.value) for name in (*CONTEXTS, "gateway"))


def test_stream_jobs_run_once_in_a_shop_beside_the_contexts_that_they_work_for(settings: Settings) -> None:
    one_tree = apart(settings, redis_url="redis://127.0.0.1:6379/0")
    assert stream_jobs(one_tree, CONTEXTS) == ["streaming", "caching"]
    assert [stream_jobs(one_tree, names) for names in GROUPS] == [[], [], ["caching"], [], [], ["streaming"]]
    assert stream_jobs(replace(one_tree, redis_url=None), CONTEXTS) == ["streaming"]
    assert stream_jobs(replace(one_tree, kafka_servers=None), CONTEXTS) == []


def test_what_is_kept_says_who_of_its_writers_hears_what_inventory_may_tell_in_its_own_log() -> None:
    contexts = manifests()
    hear_inventory = {
        one.name
        for context in contexts
        for one in context.subscribers
        if any(event.TYPE.startswith(OF_INVENTORY) for event in one.events)
    }
    specs: list[Any] = [getattr(one, "spec", None) for context in contexts for one in context.handlers]
    kept = [spec.kept for spec in specs if spec.kept]
    writers = {(one.name, name) for one in kept for name in one.written_by if name in hear_inventory}
    shows_sales_only = {("product", "catalog.listing")}
    assert {(one.name, name) for one in kept for name in one.elsewhere} == writers - shows_sales_only


def test_contexts_apart_need_a_kafka(settings: Settings) -> None:
    with pytest.raises(SettingError, match="TRADEWIND_KAFKA_SERVERS"):
        served(replace(settings, contexts=("orders",)))


def test_inventory_is_not_served_by_who_is_told_that_it_is_elsewhere(settings: Settings) -> None:
    with pytest.raises(SettingError, match="TRADEWIND_INVENTORY_URL"):
        served(apart(settings, "inventory", "orders", inventory_url=AWAY))
    assert served(apart(settings, inventory_url=AWAY)) == tuple(one for one in CONTEXTS if one != "inventory")


def test_inventory_alone_goes_by_its_own_database_and_others_by_theirs(settings: Settings) -> None:
    both = {"inventory_url": AWAY, "inventory_database_url": OWN}
    alone, others = apart(settings, "inventory", **both), apart(settings, "orders", "carts", **both)
    assert (served(alone), installed(alone)) == (("inventory",), ("inventory",))
    assert (at_home(alone).database_url, at_home(alone).inventory_url) == (OWN, None)
    assert served(at_home(alone)) == ("inventory",)
    assert at_home(others) is others
    assert served(others) == ("carts", "orders")
    assert "inventory" not in installed(others)
    assert "payments" in installed(others), "an order's payment is opened in its own transaction"
    assert kind(others) == "carts-orders"


def test_who_opens_both_databases_is_told_where_inventory_has_its_own(settings: Settings) -> None:
    with pytest.raises(SettingError, match="TRADEWIND_INVENTORY_DATABASE_URL"):
        of_inventory(apart(settings, inventory_url=AWAY))
    own = of_inventory(apart(settings, inventory_url=AWAY, inventory_database_url=OWN))
    assert (installed(own), own.database_url, own.inventory_url) == (("inventory",), OWN, None)


def test_each_event_of_inventory_is_heard_from_one_log(settings: Settings) -> None:
    both = {"inventory_url": AWAY, "inventory_database_url": OWN}
    here, there = told_there(apart(settings, "orders", **both)), told_there(apart(settings, "inventory", **both))
    assert here is not None
    assert there is not None
    reserved, paid = "ecommerce.inventory.reservation.reserved.v1", "ecommerce.order.order.paid.v1"
    assert [here(reserved, True), here(reserved, False), here(paid, True)] == [False, True, True]
    assert [there(reserved, True), there(reserved, False), there(paid, False)] == [True, False, True]


async def test_a_process_answers_the_routes_of_its_contexts_alone(shop: Shop) -> None:
    settings = apart(shop.settings, "catalog", "pricing")
    async with open_shop(settings, shop.engines, connections=2) as some:
        assert {one.name for one in some.contexts} == {"catalog", "pricing"}
        table = rest_app(some)._table
        assert table.find("/api/v1/products") is not None
        assert table.find("/api/v1/orders") is None


@pytest.mark.parametrize(
    ("contexts", "asks"),
    [(("orders", "carts"), True), (("returns",), True), (("orders", "payments"), False), (("catalog",), False)],
)
async def test_only_who_carries_orders_or_returns_without_payments_asks_payments_elsewhere(
    shop: Shop, contexts: tuple[str, ...], asks: bool
) -> None:
    settings = apart(shop.settings, *contexts, payments_url=AWAY)
    async with open_shop(settings, shop.engines, connections=2) as some:
        refunding: Any = some.db.peers[Refunding]
        assert isinstance(some.db.peers[PaymentsPeer], AskedPayments) is asks
        assert (refunding.away is not None) is asks


async def test_certificates_are_asked_for_by_the_name_of_the_setting_that_wants_them(shop: Shop) -> None:
    settings = apart(shop.settings, "orders", payments_url="grpcs://127.0.0.1:9")
    with pytest.raises(EngineError, match="grpcs:// in TRADEWIND_PAYMENTS_URL needs TRADEWIND_GRPC_CERT"):
        async with open_shop(settings, shop.engines, connections=2):
            pass


async def test_stock_that_another_log_tells_of_is_shown_on_a_page_that_was_kept_before(working_shop: Shop) -> None:
    settings = apart(working_shop.settings, "catalog", "pricing", inventory_url=AWAY, inventory_database_url=OWN)
    async with open_shop(settings, working_shop.engines, connections=4) as some:
        await a_product(some, "LAMP", stock=0)
        product_id = await some.db.pool.fetchval("SELECT id FROM catalog.products")
        cache: Any = some.db.peers[Cache]

        async def shown() -> Any:
            page: Encoded = await some.dispatch(ShowProduct(product_id=product_id), a_call())
            return msgspec.json.decode(page.content).get("available")

        async def sold_out_and_kept() -> bool:
            return not await shown() and await cache.get(f"{KEY}{product_id}") is not None

        await until(some, sold_out_and_kept)
        await some.db.pool.execute(HEARD, "LAMP", 5)
        await until(some, shown)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("serve", "stock"), "There is no context named stock"),
        (("serve", "gateway"), "TRADEWIND_CONTEXT_URLS does not say where these are"),
        (("serve", "gateway", "orders"), "There is no context named gateway"),
        (("cluster",), "TRADEWIND_KAFKA_SERVERS names no Kafka"),
    ],
)
def test_the_command_refuses_before_it_starts_anything(arguments: tuple[str, ...], why: str) -> None:
    command = [sys.executable, "-m", "tradewind.app.cli", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env={"COLUMNS": "400"}, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert why in done.stderr
