"""The provider's own ledger against our books, to the minor unit, and exact while the shop is running.

The ledger is read after the snapshot, so it holds all that our snapshot knows and perhaps more. What it holds more is
right only if somebody meant it: every wish is committed on our side before it is sent. An order whose ledger differs is
therefore looked at once more, after the ledger: where nothing of it is moving in the snapshot and nothing of it has
changed until that second look, nobody can have sent anything in between, and the difference is a violation. Where
something moved, it is in flight. No clock is compared.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import aiohttp
import msgspec
from msgspec import Struct

from tradewind.app.audit.report import Findings

NAME: Final = "provider's ledger"
ADVICE: Final = (
    "compare GET /v1/ledger/<order> of the provider with payments.payments and payments.refund, and settle the "
    "difference with the provider"
)
PAGE: Final = 1_000
PREFETCH: Final = 1_000
ANSWER_WITHIN_S: Final = 30.0
BOOKS: Final = """
    SELECT p.order_id, p.currency, greatest(p.captured_minor - p.prepaid_minor, 0) AS captured_minor,
           p.refunded_minor - p.elsewhere_minor AS refunded_minor,
           coalesce(s.phase IN ('COMPLETED', 'FAILED'), true) AND NOT EXISTS (
               SELECT FROM payments.refund AS r
               WHERE coalesce(r.charge_id, r.order_id) = p.order_id AND r.status = 'PENDING') AS settled
    FROM payments.payments AS p LEFT JOIN runtime.saga AS s ON s.id = p.order_id
"""
STANDING: Final = """
    SELECT o.id AS order_id, concat_ws('/', s.phase, s.fence, s.changed_at, p.status, p.captured_minor,
                                       p.refunded_minor, p.elsewhere_minor, p.changed_at, r.refunds) AS standing
    FROM unnest($1::uuid[]) AS u (id)
    JOIN (SELECT id FROM orders.orders UNION ALL SELECT id FROM orders.edit) AS o ON o.id = u.id
    LEFT JOIN runtime.saga AS s ON s.id = u.id
    LEFT JOIN payments.payments AS p ON p.order_id = u.id
    LEFT JOIN LATERAL (SELECT string_agg(id || status, ',' ORDER BY id) AS refunds
                       FROM payments.refund WHERE coalesce(charge_id, order_id) = u.id) AS r ON true
"""


class Entry(Struct, frozen=True):
    """One operation as the provider tells it; `minor` is what moved."""

    position: int
    operation: str
    key: str
    authorization_key: str
    reference: str
    minor: int
    currency: str
    outcome: str


class Page(Struct, frozen=True):
    """Some operations; `next_cursor` is None when there were no more."""

    operations: list[Entry]
    next_cursor: int | None


class Account:
    """What all operations of one reference come to, in minor units."""

    __slots__ = ("authorized", "captured", "captures", "currency", "held", "refunded")

    def __init__(self) -> None:
        self.authorized = self.captured = self.captures = self.held = self.refunded = 0
        self.currency = ""

    def add(self, entry: Entry) -> None:
        """Count one approved operation."""
        match entry.operation:
            case "authorization":
                self.authorized += entry.minor
                self.held += entry.minor
            case "capture":
                self.captures += 1
                self.captured += entry.minor
                self.held -= entry.minor
            case "void":
                self.held -= entry.minor
            case "refund":
                self.refunded += entry.minor
            case _:
                self.currency = f"an unknown operation ({entry.operation})"
        if entry.minor:
            self.currency = entry.currency if self.currency in ("", entry.currency) else "several currencies"


Suspect = tuple[UUID, str]


async def read_ledger(*urls: str) -> dict[UUID | str, Account]:
    """Every reference's account, over all these ledgers. Raises ClientError, TimeoutError or msgspec.DecodeError."""
    accounts: dict[UUID | str, Account] = {}
    for url in urls:
        async for page in _pages(url):
            for entry in page.operations:
                if entry.outcome == "approved":
                    # A void that came before its authorization has no reference; the key it was asked under has it.
                    reference = entry.reference or entry.authorization_key.partition("/")[0]
                    accounts.setdefault(_order_id(reference), Account()).add(entry)
    return accounts


async def _pages(url: str) -> AsyncIterator[Page]:
    decode = msgspec.json.Decoder(Page).decode
    cursor: int | None = 0
    timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
    async with aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as http:
        while cursor is not None:
            address = f"{url.rstrip('/')}/v1/ledger"
            async with http.get(address, params={"cursor": cursor, "limit": PAGE}) as response:
                page = decode(await response.read())
            yield page
            cursor = page.next_cursor


def _order_id(reference: str) -> UUID | str:
    try:
        return UUID(reference)
    except ValueError:
        return reference


async def compare(connection: Any, accounts: dict[UUID | str, Account], findings: Findings) -> list[Suspect]:
    """Judge all accounts inside the snapshot; those to look at once more. `accounts` is used up."""
    suspects: list[Suspect] = []
    async for row in connection.cursor(BOOKS, prefetch=PREFETCH):
        findings.checked += 1
        account = accounts.pop(row["order_id"], None) or Account()
        if wrong := _always(account, row):
            findings.violation(f"order {row['order_id']}: {wrong}")
        elif wrong := _settled(account, row):
            if row["settled"]:
                suspects.append((row["order_id"], wrong))
            else:
                findings.in_flight += 1
    for reference, account in accounts.items():
        findings.checked += 1
        wrong = f"the provider knows authorized {account.authorized}, captured {account.captured}, refunded " \
                f"{account.refunded} {account.currency} of it, our books know nothing"  # fmt: skip
        if isinstance(reference, UUID):
            suspects.append((reference, wrong))
        else:
            findings.violation(f"reference {reference!r}: {wrong}")
    return suspects


def _always(account: Account, row: Any) -> str | None:
    """What is wrong at any moment: the provider is never behind our books, and never takes twice."""
    if account.captures > 1:
        return f"the provider captured {account.captures} times, {account.captured} {account.currency} together"
    if account.refunded > account.captured or account.captured > account.authorized:
        return (f"the provider authorized {account.authorized}, captured {account.captured}, "
                f"refunded {account.refunded} {account.currency}")  # fmt: skip
    if account.currency not in ("", row["currency"]):
        return f"the provider moved {account.currency}, we expect {row['currency']}"
    if account.captured < row["captured_minor"] or account.refunded < row["refunded_minor"]:
        return _differs(account, row)
    return None


def _settled(account: Account, row: Any) -> str | None:
    """What is wrong once nothing of the order is moving any more."""
    if (account.captured, account.refunded) != (row["captured_minor"], row["refunded_minor"]):
        return _differs(account, row)
    if account.held:
        return f"the provider still holds {account.held} {account.currency} for it, though it has ended"
    return None


def _differs(account: Account, row: Any) -> str:
    return (f"the provider captured {account.captured} and refunded {account.refunded} {row['currency']} in minor "
            f"units, our books say {row['captured_minor']} and {row['refunded_minor']}")  # fmt: skip


async def standing(connection: Any, suspects: Sequence[Suspect]) -> dict[UUID, str]:
    """Where these orders stand: a wish to the provider changes it before it is sent. No order, no standing."""
    ids = [order_id for order_id, _ in suspects]
    return {row["order_id"]: row["standing"] for row in await connection.fetch(STANDING, ids)}


def settle(
    suspects: Sequence[Suspect], before: Mapping[UUID, str], after: Mapping[UUID, str], findings: Findings
) -> None:
    """A suspect that stood still until after the ledger was read is a violation; the others are in flight."""
    for order_id, wrong in suspects:
        if before.get(order_id) == after.get(order_id):
            known = "" if order_id in after else " (there is no such order)"
            findings.violation(f"order {order_id}{known}: {wrong}")
        else:
            findings.in_flight += 1
