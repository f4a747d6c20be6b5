"""Brings the lines of a feed into a shop, some hundred in a transaction. Cut off and run again, it ends the same."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from tradewind.app.importing.carrying import Progress, patiently
from tradewind.app.importing.feeds import columns, goodbooks
from tradewind.app.importing.feeds.columns import BadLine
from tradewind.app.importing.feeds.lines import Csv, Line, UnreadableFeed, read_json_lines, read_text
from tradewind.app.wiring import Shop
from tradewind.contexts.catalog.manifest import FeedProduct, Imported, ImportProducts
from tradewind.kernel.ids import new_id, new_trace_id
from tradewind.runtime.call import Actor, Call

AT_ONCE: Final = 250
"""Products in one transaction."""
STAGE: Final = "products"
JSON_LINES: Final = (".jsonl", ".ndjson", ".json")


class LineError(Struct, frozen=True, kw_only=True):
    """A line that was left out, and why."""

    line: int
    error: str


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of a feed's lines, or would come: `rows` = created + updated + unchanged + failed."""

    rows: int
    created: int
    updated: int
    unchanged: int
    failed: tuple[LineError, ...]
    seconds: float


class Feed(Struct, frozen=True, kw_only=True):
    """A feed that has been opened. `prices`: whether it decides the prices of products that have one."""

    source: str
    lines: Sequence[Line]
    understand: Callable[[Mapping[str, Any]], FeedProduct]
    prices: bool = True
    note: str = ""


def open_goodbooks(file: Path) -> Feed:
    """The books. Their prices are made up, so one that the shop has set itself is let be. Refuses UnreadableFeed."""
    lines = tuple(Csv(read_text(file), goodbooks.NEEDED).lines())
    return Feed(source="goodbooks", lines=lines, understand=goodbooks.book, prices=False, note=goodbooks.MADE_UP)


def open_feed(file: Path) -> Feed:
    """A vendor's feed, CSV or (by its name's ending) JSON Lines. Refuses UnreadableFeed."""
    text = read_text(file)
    if file.suffix.lower() in JSON_LINES:
        return Feed(source=file.stem[:40], lines=tuple(read_json_lines(text)), understand=columns.product)
    table = Csv(text, columns.NEEDED)
    if wrong := columns.unknown(table.columns):
        raise UnreadableFeed(f"line 1: no feed has the columns {', '.join(wrong)}. See docs/guides/catalog.md.")
    return Feed(source=file.stem[:40], lines=tuple(table.lines()), understand=columns.product)


async def load(shop: Shop, feed: Feed, tell: Progress, *, dry_run: bool = False) -> Outcome:
    """Take the feed in; a line that breaks a rule is named and left out. What `tell` raises ends it: run it again."""
    began = time.perf_counter()
    failed: list[LineError] = []
    created = updated = unchanged = done = 0
    tell(STAGE, 0, len(feed.lines))
    for batch in _batches(feed, failed):
        call = Call(actor=_importer(feed.source), correlation_id=str(new_id()), trace_id=new_trace_id(), route="import")
        products = tuple(product for _, product in batch)
        command = ImportProducts(source=feed.source, products=products, prices=feed.prices, dry_run=dry_run)
        found: Imported = await patiently(partial(shop.dispatch, command, call))
        failed += [LineError(line=batch[one.index][0], error=one.error) for one in found.failed]
        created, updated, unchanged = created + found.created, updated + found.updated, unchanged + found.unchanged
        done = created + updated + unchanged + len(failed)
        tell(STAGE, done, len(feed.lines))
    return Outcome(
        rows=len(feed.lines),
        created=created,
        updated=updated,
        unchanged=unchanged,
        failed=tuple(sorted(failed, key=lambda one: one.line)),
        seconds=round(time.perf_counter() - began, 2),
    )


def _batches(feed: Feed, failed: list[LineError]) -> Iterator[list[tuple[int, FeedProduct]]]:
    """(line, product) by the hundred; what cannot be understood is put into `failed`."""
    batch: list[tuple[int, FeedProduct]] = []
    first_line: dict[str, int] = {}
    for line in feed.lines:
        try:
            if line.error:
                raise BadLine(line.error)
            product = feed.understand(line.fields)
            if (earlier := first_line.setdefault(product.sku, line.number)) != line.number:
                raise BadLine(f"sku: line {earlier} has {product.sku} already")
        except BadLine as reason:
            failed.append(LineError(line=line.number, error=str(reason)))
            continue
        batch.append((line.number, product))
        if len(batch) == AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _importer(source: str) -> Actor:
    return Actor(subject=f"import:{source}", roles=frozenset({"merchandiser"}))
