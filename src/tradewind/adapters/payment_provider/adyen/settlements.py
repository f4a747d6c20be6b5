"""Adyen's settlement detail reports: CSV, one file a batch, numbered without gaps.

https://docs.adyen.com/reporting/settlement-reconciliation/transaction-level/settlement-details-report. A batch is
written some days after the money moved, and never changes then. Payments are known by their merchantReference, which
begins with the order.
"""

import csv
import io
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Final, NoReturn

import aiohttp

from tradewind.adapters.payment_provider.adyen.answers import MARK_LENGTH
from tradewind.adapters.payment_provider.lined import Line, LinedSettlements, Report, unreadable
from tradewind.kernel.errors import Invalid
from tradewind.kernel.money import Money

NAME: Final = "adyen"
ANSWER_WITHIN_S: Final = 60.0
MAX_BATCHES: Final = 10_000
MAX_BYTES: Final = 256 * 1024 * 1024
NOT_THERE: Final = 404
CREDIT, DEBIT = "Gross Credit (GC)", "Gross Debit (GC)"
COLUMNS: Final = (
    "Merchant Account", "Psp Reference", "Merchant Reference", "Creation Date", "TimeZone", "Type", "Gross Currency",
    DEBIT, CREDIT,
)  # fmt: skip
CAPTURES: Final = frozenset({"Settled", "SettledReversed"})
REFUNDS: Final = frozenset({"Refunded", "RefundedReversed", "Chargeback", "SecondChargeback", "ChargebackReversed"})
"""Types of lines that move a buyer's money; what banks take back is looked at as given back. Others are fees."""
NOTHING_YET: Final = datetime(2000, 1, 1, tzinfo=UTC)
_ZONES: Final = {"UTC": 0, "GMT": 0, "BST": 1, "CET": 1, "CEST": 2, "EST": -5, "EDT": -4, "PST": -8, "PDT": -7}


class AdyenReports:
    """The batches of one merchant account, below `url`; those that were read are not fetched again."""

    def __init__(self, session: aiohttp.ClientSession, url: str, account: str, first_batch: int) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._account = account
        self._next = first_batch
        self._lines: list[Line] = []
        self._until: datetime | None = None

    async def read(self) -> Report:
        """Everything up to the last batch there is. Raises Unavailable."""
        for batch in range(self._next, self._next + MAX_BATCHES):
            text = await self._fetch(batch)
            if text is None:
                break
            lines = list(lines_in(text, self._account, batch))
            self._lines += lines
            self._next = batch + 1
            self._until = max((line.at for line in lines), default=self._until)
        return Report(self._lines, self._until or NOTHING_YET)

    async def _fetch(self, batch: int) -> str | None:
        address = f"{self._url}/settlement_detail_report_batch_{batch}.csv"
        try:
            async with self._session.get(address) as response:
                if response.status == NOT_THERE:
                    return None
                response.raise_for_status()
                body = await response.content.read(MAX_BYTES)
                if not response.content.at_eof():
                    raise unreadable(NAME, f"batch {batch} is longer than {MAX_BYTES} bytes.")
                return body.decode("utf-8-sig")
        except (aiohttp.ClientError, TimeoutError, OSError) as away:
            raise unreadable(NAME, f"batch {batch} cannot be fetched.", trouble=type(away).__name__) from away
        except UnicodeDecodeError as garbled:
            raise unreadable(NAME, f"batch {batch} is no UTF-8 from byte {garbled.start} on.") from garbled


def lines_in(text: str, account: str, batch: int) -> Iterator[Line]:
    """The movements of one batch. Raises Unavailable, naming line and column."""
    rows = csv.DictReader(io.StringIO(text), strict=True)
    try:
        missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            raise unreadable(NAME, f"batch {batch}, line 1: there is no column {missing[0]}.")
        for row in rows:
            cell = _Row(row, batch, rows.line_num)
            if cell["Type"] in CAPTURES | REFUNDS and cell["Merchant Account"] == account:
                yield _line(cell)
    except csv.Error as broken:
        raise unreadable(NAME, f"batch {batch}, line {rows.line_num}: {broken}.") from broken


class _Row:
    """One line of a report, of which every cell is known by its place."""

    def __init__(self, cells: Mapping[str, str | None], batch: int, line: int) -> None:
        self._cells = cells
        self._where = f"batch {batch}, line {line}"

    def __getitem__(self, column: str) -> str:
        found = self._cells[column]
        if found is None:
            self.bad(column, "the line is too short")
        return found.strip()

    def bad(self, column: str, why: str) -> NoReturn:
        raise unreadable(NAME, f"{self._where}, column {column}: {why}.")


def _line(cell: _Row) -> Line:
    credit, debit = _amount(cell, CREDIT), _amount(cell, DEBIT)
    captures = cell["Type"] in CAPTURES
    return Line(
        reference=_reference(cell),
        operation="capture" if captures else "refund",
        amount=credit - debit if captures else debit - credit,
        at=_at(cell),
    )


def _reference(cell: _Row) -> str:
    said = cell["Merchant Reference"] or cell["Psp Reference"]
    if not said:
        cell.bad("Merchant Reference", "it is empty")
    order, dot, mark = said.rpartition(".")
    return order if dot and len(mark) == MARK_LENGTH else said


def _amount(cell: _Row, column: str) -> Money:
    currency = cell["Gross Currency"]
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        cell.bad("Gross Currency", f"{currency!r} is no currency")
    try:
        amount = Decimal(cell[column] or "0")
        if not amount.is_finite() or amount < 0:
            raise InvalidOperation
        return Money.parse(amount, currency)
    except (InvalidOperation, Invalid):
        cell.bad(column, f"{cell[column]!r} is no amount")


def _at(cell: _Row) -> datetime:
    zone = cell["TimeZone"]
    if zone not in _ZONES:
        cell.bad("TimeZone", f"{zone!r} is not known")
    try:
        local = datetime.strptime(cell["Creation Date"], "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 -- its zone follows
    except ValueError:
        cell.bad("Creation Date", f"{cell['Creation Date']!r} is no time")
    return local.replace(tzinfo=timezone(timedelta(hours=_ZONES[zone])))


@asynccontextmanager
async def adyen_settlements(url: str, key: str, account: str, first_batch: int) -> AsyncIterator[LinedSettlements]:
    """The port, answered by Adyen's reports, while the context lasts."""
    timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
    async with aiohttp.ClientSession(timeout=timeout, headers={"X-API-Key": key}) as session:
        yield LinedSettlements(NAME, AdyenReports(session, url, account, first_batch).read)
