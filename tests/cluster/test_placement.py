"""Which process serves what: refusals for names that there are not, and for what could not work apart."""

import ast
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from tests.builders import a_product
from tests.remote.test_edits_apart import HEARD
from tests.shops import Shop, a_call, open_shop, until
from tradewind.adapters.payments.apart import PaymentsElsewhere
from tradewind.adapters.payments.asked import AskedPayments
from tradewind.app.cluster import GROUPS
from tradewind.app.edge import rest_app
from tradewind.app.elsewhere import OF_INVENTORY, told_there
from tradewind.app.engines import EngineError
from tradewind.app.hosting import stream_jobs
from tradewind.app.placement import (
    CONTEXTS,
    MAY_BE_APART,
    at_home,
    databases_apart,
    installed,
    kind,
    manifests,
    of_context,
    served,
)
from tradewind.app.remote import sessions_of
from tradewind.app.settings import SettingError, Settings
from tradewind.contexts.catalog._listeners.forget_products import KEY
from tradewind.contexts.catalog.get_product.kept import ShowProduct
from tradewind.contracts import payments
from tradewind.contracts.payments import PaymentsPeer, Refunding, RefundsPeer
from tradewind.ports.cache import Cache
from tradewind.ports.payment_provider import NoticeReaders, PaymentProvider
from tradewind.ports.settlements import SettlementReports
from tradewind.runtime.keeping import Encoded

KAFKA = "127.0.0.1:9092"
OWN = "postgresql://shop@127.0.0.1/inventory"
AWAY = "grpc://127.0.0.1:9"
CONTEXTS_FOLDER: Final = Path(payments.__file__).parents[1] / "contexts"
TOLD: Final = "ecommerce.payment."
OF_PAYMENTS: Final = {name for name, one in vars(payments).items() if getattr(one, "TYPE", "").startswith(TOLD)}


def apart(settings: Settings, *contexts: str, **more: Any) -> Settings:
    """A process of these contexts."""
    return replace(settings, contexts=contexts, kafka_servers=KAFKA, **more)


def asked_by_payments() -> set[str]:
    """The protocols whose answerers code of payments looks for."""
    return {
        getattr(node.args[0], "id", "")
        for path in (CONTEXTS_FOLDER / "payments").rglob("*.py")
        if not path.name.startswith(("test_", "conftest"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "peer"
    }


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


@pytest.mark.parametrize("name", MAY_BE_APART)
def test_a_context_is_not_served_by_who_is_told_that_it_is_elsewhere(settings: Settings, name: str) -> None:
    url = f"TRADEWIND_{name.upper()}_URL"
    for names in ((name, "orders"), (name,)):
        with pytest.raises(SettingError, match=f"{url} says .* with TRADEWIND_{name.upper()}_DATABASE_URL"):
            served(apart(settings, *names, **{f"{name}_url": AWAY}))
    assert served(apart(settings, **{f"{name}_url": AWAY})) == tuple(one for one in CONTEXTS if one != name)


@pytest.mark.parametrize("name", MAY_BE_APART)
def test_a_database_of_which_nobody_is_told_who_answers_for_it_is_refused(settings: Settings, name: str) -> None:
    """Else the context would go on in the database of the others, and nobody would notice."""
    with pytest.raises(SettingError, match=f"TRADEWIND_{name.upper()}_URL must say where others ask it"):
        served(apart(settings, **{f"{name}_database_url": OWN}))


@pytest.mark.parametrize("name", MAY_BE_APART)
def test_who_is_alone_goes_by_its_own_database_and_others_by_theirs(settings: Settings, name: str) -> None:
    both = {f"{name}_url": AWAY, f"{name}_database_url": OWN}
    alone, others = apart(settings, name, **both), apart(settings, "orders", "carts", **both)
    assert (served(alone), installed(alone)) == ((name,), (name,))
    assert (at_home(alone).database_url, getattr(at_home(alone), f"{name}_url")) == (OWN, None)
    assert served(at_home(alone)) == (name,)
    assert at_home(others) is others
    assert served(others) == ("carts", "orders")
    assert set(CONTEXTS) - set(installed(others)) == {name}
    assert kind(others) == "carts-orders"


def test_both_may_be_apart_and_each_is_asked_by_all_but_itself(settings: Settings) -> None:
    urls = {"inventory_database_url": OWN, "payments_database_url": f"{OWN}_too"}
    both = {"inventory_url": AWAY, "payments_url": AWAY, **urls}
    assert set(CONTEXTS) - set(served(apart(settings, **both))) == set(MAY_BE_APART)
    assert set(CONTEXTS) - set(installed(apart(settings, "orders", **both))) == set(MAY_BE_APART)
    for name in MAY_BE_APART:
        assert installed(at_home(apart(settings, name, **both))) == (name,)
    assert databases_apart(apart(settings, **both)) == {"inventory": OWN, "payments": f"{OWN}_too"}


@pytest.mark.parametrize("name", MAY_BE_APART)
def test_who_opens_both_databases_is_told_where_the_one_apart_has_its_own(settings: Settings, name: str) -> None:
    for ask in (lambda one: of_context(one, name), databases_apart):
        with pytest.raises(SettingError, match=f"TRADEWIND_{name.upper()}_DATABASE_URL"):
            ask(apart(settings, **{f"{name}_url": AWAY}))
    own = of_context(apart(settings, **{f"{name}_url": AWAY, f"{name}_database_url": OWN}), name)
    assert (installed(own), own.database_url, getattr(own, f"{name}_url")) == ((name,), OWN, None)


def test_each_event_of_inventory_is_heard_from_one_log(settings: Settings) -> None:
    both = {"inventory_url": AWAY, "inventory_database_url": OWN}
    here, there = told_there(apart(settings, "orders", **both)), told_there(apart(settings, "inventory", **both))
    assert here is not None
    assert there is not None
    reserved, paid = "ecommerce.inventory.reservation.reserved.v1", "ecommerce.order.order.paid.v1"
    assert [here(reserved, True), here(reserved, False), here(paid, True)] == [False, True, True]
    assert [there(reserved, True), there(reserved, False), there(paid, False)] == [True, False, True]


def test_payments_hears_nothing_that_two_logs_tell_and_nobody_else_tells_of_payments(settings: Settings) -> None:
    """So what it told before it had a database of its own is heard to the end from the log of the others."""
    both = {"payments_url": AWAY, "payments_database_url": OWN, "inventory_url": AWAY, "inventory_database_url": OWN}
    hears = {event.TYPE for one in manifests(("payments",)) for sub in one.subscribers for event in sub.events}
    assert hears
    assert not any(type_.startswith(OF_INVENTORY) for type_ in hears)
    assert told_there(at_home(apart(settings, "payments", **both))) is None
    here = told_there(apart(settings, "orders", **both))
    assert here is not None
    captured = "ecommerce.payment.payment.captured.v1"
    assert [here(captured, True), here(captured, False)] == [True, True]
    tellers = {
        path.relative_to(CONTEXTS_FOLDER).parts[0]
        for path in CONTEXTS_FOLDER.rglob("*.py")
        if not path.name.startswith(("test_", "conftest"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in OF_PAYMENTS
    }
    assert tellers == {"payments"}


async def test_a_process_answers_the_routes_of_its_contexts_alone(shop: Shop) -> None:
    settings = apart(shop.settings, "catalog", "pricing")
    async with open_shop(settings, shop.engines, connections=2) as some:
        assert {one.name for one in some.contexts} == {"catalog", "pricing"}
        table = rest_app(some)._table
        assert table.find("/api/v1/products") is not None
        assert table.find("/api/v1/orders") is None


@pytest.mark.parametrize("contexts", [("orders", "carts"), ("returns",), ("catalog",)])
async def test_whoever_does_not_have_payments_asks_it_elsewhere_and_no_provider(
    shop: Shop, contexts: tuple[str, ...]
) -> None:
    settings = apart(shop.settings, *contexts, payments_url=AWAY)
    async with open_shop(settings, shop.engines, connections=2) as some:
        refunding: Any = some.db.peers[Refunding]
        assert isinstance(some.db.peers[PaymentsPeer], AskedPayments)
        assert refunding.away is not None
        assert not {PaymentProvider, NoticeReaders, SettlementReports} & some.db.peers.keys()
        refunds: Any = some.db.peers[RefundsPeer]
        async with some.db.reading(a_call("admin")) as tx:
            with pytest.raises(PaymentsElsewhere):
                await refunds.standing(tx, [])


async def test_payments_alone_has_no_peer_of_others_and_nobody_to_ask_elsewhere(shop: Shop) -> None:
    both = {"payments_url": AWAY, "payments_database_url": shop.engines.database_url}
    async with open_shop(at_home(apart(shop.settings, "payments", **both)), shop.engines, connections=2) as alone:
        refunding: Any = alone.db.peers[Refunding]
        assert refunding.away is None
        assert PaymentProvider in alone.db.peers
        theirs = {protocol for one in manifests(CONTEXTS) if one.name != "payments" for protocol in one.peers}
        answered = theirs & alone.db.peers.keys()
        assert {type(alone.db.peers[one]).__module__ for one in answered} <= {
            "tradewind.adapters.payments.bought", "tradewind.adapters.payments.payers"
        }  # fmt: skip
        by_customers_only = {"OrdersOfPeer"}  # who show and forget a person in one process ask for it
        wanted = asked_by_payments() & {one.__name__ for one in theirs}
        assert {one.__name__ for one in answered} == wanted - by_customers_only
        assert sessions_of(alone) is None


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
