"""Says what became of every line: a table for people, one JSON document for programs, a bar while it goes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tradewind.app.importing.buckets import MEANING, Bucket
from tradewind.app.importing.carrying import Progress as Tell
from tradewind.app.importing.plan import Plan
from tradewind.app.importing.reading import CURRENCY, Unreadable
from tradewind.kernel.money import Money

MAX_SHOWN = 50
"""Broken lines, and problems, that are shown; the others are counted."""
WIDE = 150
"""Columns from which on the table also says what each bucket means."""


class BucketView(Struct, frozen=True, kw_only=True):
    """What lies in a bucket; amounts are exact and carry the file's own signs."""

    lines: int
    quantity: int
    amount: Decimal


class Summary(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an import came to. `orders` and `returns` are those of the file, whichever run brought them in."""

    lines: int
    buckets: dict[str, BucketView]
    orders: int
    returns: int
    seconds: float
    problems: tuple[str, ...] = ()


def summary(plan: Plan, seconds: float, problems: Sequence[str]) -> Summary:
    """The outcome of a plan that was run."""
    return Summary(
        lines=plan.lines,
        buckets={
            bucket.value: BucketView(
                lines=tally.lines, quantity=tally.quantity, amount=Money(tally.amount_minor, CURRENCY).amount
            )
            for bucket, tally in plan.tallies.items()
        },
        orders=len(plan.orders),
        returns=len(plan.returns),
        seconds=round(seconds, 2),
        problems=tuple(problems),
    )


def as_json(found: Summary) -> str:
    """The summary as one line of JSON; amounts are numbers with two digits."""
    return msgspec.json.Encoder(decimal_format="number").encode(found).decode()


def errors_as_json(refusal: Unreadable) -> str:
    """Every broken line as JSON: {errors: [{line, detail}]}."""
    return msgspec.json.encode({"errors": refusal.facts["errors"]}).decode()


def show(found: Summary, console: Console) -> None:
    """Print the table. Empty buckets are named below it."""
    wide = console.width >= WIDE
    table = Table("bucket", title="Where every line went")
    for heading in ("lines", "quantity", CURRENCY):
        table.add_column(heading, justify="right")
    if wide:
        table.add_column("what was done")
    for name, view in found.buckets.items():
        if view.lines:
            cells = [name, f"{view.lines:,}", f"{view.quantity:,}", f"{view.amount:,}"]
            table.add_row(*cells, *([MEANING[Bucket(name)]] if wide else []))
    table.add_section()
    views = found.buckets.values()
    pieces, money = sum(view.quantity for view in views), sum((view.amount for view in views), Decimal(0))
    table.add_row("all", f"{sum(view.lines for view in views):,}", f"{pieces:,}", f"{money:,}", style="bold")
    console.print(table)
    console.print("Empty: " + ", ".join(name for name, view in found.buckets.items() if not view.lines))
    console.print(f"{found.orders:,} orders, {found.returns:,} returns, {found.seconds:,} s")


def show_errors(refusal: Unreadable, console: Console) -> None:
    """Print the broken lines, with their numbers."""
    errors = refusal.facts["errors"]
    _some([f"line {error['line']}: {error['detail']}" for error in errors], console)
    console.print(refusal.detail, style="red", markup=False)


def show_problems(problems: Sequence[str], console: Console) -> None:
    """Print what the shop would not do."""
    _some(problems, console)


def _some(sentences: Sequence[str], console: Console) -> None:
    for sentence in sentences[:MAX_SHOWN]:
        console.print(sentence, style="red", markup=False, highlight=False)
    if len(sentences) > MAX_SHOWN:
        console.print(f"… and {len(sentences) - MAX_SHOWN} more", style="red")


@contextmanager
def bar(console: Console) -> Iterator[Tell]:
    """A bar for each stage, on standard error."""
    columns = (TextColumn("{task.description:>14}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        tasks = {}

        def tell(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total)
            progress.update(tasks[stage], completed=done, total=total)

        yield tell
