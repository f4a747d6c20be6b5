"""Every statement finds its rows by an index, unless it is said here why it may read a whole table.

The database is asked for the plan that it would make for any parameters, while it does all it can to read no table from
end to end: what it reads so all the same has no index that would help, however many rows there will be.
"""

import json
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any, Final

from tests.house.test_statements import constants

OURS: Final = ("tradewind.contexts.", "tradewind.runtime.")
WHOLE_SHOP: Final = frozenset(
    """account bundle categories dead_letter flash_sale flash_sale_price_map kafka_position migration pg_database
    price_book promotion tax_class_of_category told_elsewhere warehouse webhook_subscriptions windows_seen""".split()
)
"""Tables with a row for each thing that the owner sets up, not for each that buyers do. Accounts are listed whole."""
WORK_LISTS: Final = frozenset("login_attempt mail_token pending_mail to_index price_due quote session staged".split())
"""Tables from which rows go once they are done with, or are purged of all that is over."""
SELDOM: Final = {
    "catalog._projections.index_keeping.COUNT": "the search index is compared with its rows, once in a while",
    "catalog.list_sold_out.query.LIST": "a person asks what is sold out",
    "catalog._store.shelves.LIST": "leafs by the key that its caller sorts by, and filters what it finds",
    "inventory._subscribers.on_order_confirmed.STILL_HELD": "reads what is held, which has an index of its own",
    "inventory.suggest_replenishment.query.SUGGEST": "somebody asks what is to be bought: all goods are looked at",
    "notifications._store.messages.POSTPONE": "reads what is owed, which has an index of its own",
    "notifications._store.messages.SETTLE": "reads what is owed, which has an index of its own",
    "orders.personal_data.HOLD": "somebody is forgotten or asks what there is of them",
    "orders.personal_data.OF": "somebody is forgotten or asks what there is of them",
    "payments.doubt_refund.saga.BY_REFUNDS": "a refund is in doubt, which is rare and waits for hours anyway",
    "payments.reconcile_settlement.query.OURS": "once a day",
    "payments.reconcile_settlement.query.TAKEN": "once a day",
    "recommendations._store.recommendations.FORGET": "somebody is forgotten",
    "recommendations.learn_meanings.timer.UNKNOWN": "reads products whose meaning is not known, a batch at a time",
    "reviews._store.reviews.FORGET_PURCHASES": "somebody is forgotten",
    "webhooks._delivery.watch.BACKLOG": "reads what waits, which has an index of its own",
    "webhooks._store.dead_letters.FIND": "a person asks for one letter",
    "webhooks._store.dead_letters.REDRIVE": "a person redrives one letter",
    "webhooks._store.reading.WRITE": "reads what waits, which has an index of its own",
    "webhooks._store.deliveries.RECORD": "reads what waits, which has an index of its own",
    "runtime.personal_data.ANSWERS": "somebody asks what there is of them; answers are purged after a day",
    "runtime.personal_data.FORGET_ANSWERS": "somebody is forgotten",
    "runtime.personal_data.FORGET_REASONS": "somebody is forgotten: whatever was told of them is looked for",
    "runtime.personal_data.TRAIL": "somebody asks what there is of them",
    "runtime.saga.admin.LIST": "a person lists sagas",
    "runtime.saga.store.OVERDUE": "reads what is due, which has an index of its own",
}
"""By the statement's name without `tradewind.` and `contexts.`: why it may."""


AS_IF_FULL: Final = """
    SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off;
    SET enable_mergejoin = off; SET enable_material = off
"""
"""The tests' tables are empty, where reading all of one for a join costs nothing."""


ONE_OF: Final = "SELECT order_id FROM orders.edit WHERE refund_id = $1"


async def plans(connection: Any, statements: Iterable[tuple[str, str]]) -> AsyncIterator[tuple[str, Any]]:
    """How each statement, by its name, would be run. Explaining runs nothing."""
    await connection.execute(AS_IF_FULL)
    for name, sql in statements:
        for statement in filter(str.strip, sql.split(";")):
            if statement.split(None, 1)[0] in ("LOCK", "CREATE", "TRUNCATE", "ALTER", "DROP"):
                continue
            many = len((await connection.prepare(statement)).get_parameters())
            await connection.execute(f"PREPARE explained AS {statement}")
            nulls = f"({', '.join(['NULL'] * many)})" if many else ""
            plan = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE explained{nulls}"))
            await connection.execute("DEALLOCATE explained")
            yield name, plan[0]["Plan"]


async def scans(connection: Any, statements: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """Statement by statement, the tables that it reads from end to end."""
    found: dict[str, set[str]] = {}
    async for name, plan in plans(connection, statements):
        found.setdefault(name, set()).update(_read_whole(plan, limited=False))
    return found


def _read_whole(node: Any, *, limited: bool) -> Iterator[str]:
    """Tables read without a condition that an index knows; in the index's order up to a limit is no such reading."""
    by_index = node["Node Type"] in ("Index Scan", "Index Only Scan")
    if node["Node Type"] == "Seq Scan" or (by_index and "Index Cond" not in node and ("Filter" in node or not limited)):
        yield node["Relation Name"]
    for one in node.get("Plans", ()):
        yield from _read_whole(one, limited=limited or node["Node Type"] == "Limit")


def _loses(node: Any, *, under: bool = False) -> bool:
    """Whether rows are locked or changed that were joined with such as a UNION or an IN made of others' rows."""
    children = node.get("Plans", ())
    if under and node["Node Type"] in ("Append", "Aggregate", "Unique", "SetOp"):
        return not _comes_again(node)
    if node["Node Type"] == "Subquery Scan":  # kept as a row, whatever it was made of
        under = False
    under = under or node["Node Type"] == "LockRows" or node.get("Operation") in ("Update", "Delete")
    return any(_loses(one, under=under and one["Parent Relationship"] in ("Outer", "Inner")) for one in children)


def _comes_again(node: Any) -> bool:
    """Whether it is some rows at a time: what was left out is done the next time. Or they are locked in there."""
    return node["Node Type"] in ("Limit", "LockRows") or any(map(_comes_again, node.get("Plans", ())))


async def test_no_statement_loses_a_row_that_it_waited_for(database: Any) -> None:
    """Of a row that changed meanwhile Postgres looks at the condition again, with those rows that it was joined with:
    what was made of several tables' rows for that is not there any more, and the row is left out.
    """
    ours = [(name, sql) for name, sql in constants() if name.startswith(OURS)]
    planted = [
        ("BY_UNION", f"SELECT FROM orders.orders WHERE id IN (SELECT $1 UNION ALL {ONE_OF}) FOR UPDATE"),
        ("BY_ARRAY", f"SELECT FROM orders.orders WHERE id = ANY(ARRAY(SELECT $1 UNION ALL {ONE_OF})) FOR UPDATE"),
    ]
    async with database.pool.acquire() as connection:
        bad = {_short(name) async for name, plan in plans(connection, [*ours, *planted]) if _loses(plan)}
    assert bad == {"BY_UNION"}, f"find them first, by an array or by a statement of its own: {bad}"


async def test_no_statement_reads_a_table_that_grows_from_end_to_end(database: Any) -> None:
    ours = [(name, sql) for name, sql in constants() if name.startswith(OURS)]
    async with database.pool.acquire() as connection:
        found = await scans(connection, ours)
    whole = {_short(name): sorted(tables - WHOLE_SHOP - WORK_LISTS) for name, tables in found.items()}
    bad = {name: tables for name, tables in whole.items() if tables and name not in SELDOM}
    assert not bad, f"want an index, or a reason in SELDOM: {bad}"
    needless = [name for name in SELDOM if not whole.get(name)]
    assert not needless, f"need no reason any more: {needless}"
    assert len(found) > 500, "all of them were asked"


def _short(name: str) -> str:
    return name.removeprefix("tradewind.").removeprefix("contexts.")


async def test_a_statement_without_an_index_is_noticed(database: Any) -> None:
    planted = [
        ("BY_INDEX", "SELECT total_minor FROM orders.orders WHERE id = ANY($1::uuid[])"),
        ("BY_NO_INDEX", "SELECT id FROM orders.orders WHERE total_minor = $1"),
        ("BY_ANY_OF_TWO", "SELECT id FROM orders.orders WHERE id = $1 OR total_minor = $2"),
        ("NEWEST", "SELECT stamp FROM runtime.outbox ORDER BY stamp DESC, position DESC LIMIT 1"),
    ]
    async with database.pool.acquire() as connection:
        found = await scans(connection, planted)
    assert found == {"BY_INDEX": set(), "BY_NO_INDEX": {"orders"}, "BY_ANY_OF_TWO": {"orders"}, "NEWEST": set()}
