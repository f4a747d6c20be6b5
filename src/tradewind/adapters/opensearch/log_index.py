"""What OpenSearch is to know of a shop's log before lines come: an index a day, its fields, how long it is kept.

Whoever ships lines (deploy/logs) creates each under its `lineId` in the index of the day on which it was written. So a
line that comes twice is there once, on whichever day it comes.
"""

from datetime import date, timedelta
from typing import Any, Final

from msgspec import Struct
from opensearchpy import AsyncOpenSearch, NotFoundError

LOG_INDEX: Final = "tradewind-logs"
"""What the indices of a shop's log are named after."""
ISM: Final = "opensearch-index-management"
"""The plugin that removes what is too old by itself."""
POLICY: Final = "/_plugins/_ism/policies/"
_TEXT: Final = {"type": "text"}
_WORD: Final = {"type": "keyword", "ignore_above": 1024}
FIELDS: Final[dict[str, Any]] = {
    "at": {"type": "date"},
    **dict.fromkeys(
        (
            "lineId", "level", "process", "traceId", "spanId", "correlationId", "tenant", "userId", "userKind",
            "orderId", "eventType", "command", "outcome", "subscriber", "saga", "step", "phase", "key", "route",
            "method", "logger",
        ),
        _WORD,
    ),
    "event": {**_WORD, "fields": {"text": {"type": "text"}}},
    "why": _TEXT,
    "error": _TEXT,
    "exception": _TEXT,
}  # fmt: skip
"""What is searched. Whatever else a line says is kept and shown, and no line is refused for it."""


class Prepared(Struct, frozen=True, kw_only=True, rename="camel"):
    """What was done. `by_itself`: whether OpenSearch removes what is too old from now on; else run this each day."""

    index: str
    days: int
    by_itself: bool
    dropped: list[str]


async def prepare(client: AsyncOpenSearch, today: date, days: int, index: str = LOG_INDEX) -> Prepared:
    """Say which fields the indices of each day have, and drop those that are older than so many days. Twice is once."""
    settings = {"number_of_shards": 1, "auto_expand_replicas": "0-1", "refresh_interval": "2s"}
    mappings = {"dynamic": False, "date_detection": False, "properties": FIELDS}
    template = {"settings": {"index": settings}, "mappings": mappings}
    body = {"index_patterns": [f"{index}-*"], "priority": 200, "template": template}
    await client.indices.put_index_template(name=index, body=body)
    by_itself = await _keeps_by_itself(client, index, days)
    return Prepared(index=index, days=days, by_itself=by_itself, dropped=await _drop(client, index, today, days))


async def _drop(client: AsyncOpenSearch, index: str, today: date, days: int) -> list[str]:
    found = await client.indices.get(index=f"{index}-*", expand_wildcards="open,closed")
    old = sorted(name for name in found if _is_before(name.removeprefix(f"{index}-"), today - timedelta(days=days)))
    for name in old:
        await client.indices.delete(index=name, ignore_unavailable=True)
    return old


def _is_before(day: str, first: date) -> bool:
    """What is no day is nobody's that this may remove."""
    try:
        return date.fromisoformat(day) < first
    except ValueError:
        return False


async def _keeps_by_itself(client: AsyncOpenSearch, index: str, days: int) -> bool:
    if ISM not in {one["component"] for one in await client.cat.plugins(format="json")}:
        return False
    gone = {"state_name": "gone", "conditions": {"min_index_age": f"{days + 1}d"}}
    states = [
        {"name": "kept", "actions": [], "transitions": [gone]},
        {"name": "gone", "actions": [{"delete": {}}], "transitions": []},
    ]
    policy = {
        "description": f"The log of a shop, for {days} days", "default_state": "kept", "states": states,
        "ism_template": [{"index_patterns": [f"{index}-*"], "priority": 100}],
    }  # fmt: skip
    await client.transport.perform_request(
        "PUT", f"{POLICY}{index}", params=await _version(client, index), body={"policy": policy}
    )
    return True


async def _version(client: AsyncOpenSearch, index: str) -> dict[str, Any]:
    """Which policy is replaced; nothing where there is none yet."""
    try:
        found = await client.transport.perform_request("GET", f"{POLICY}{index}")
    except NotFoundError:
        return {}
    return {"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]}
