"""The trail of who did what: one entry a command, in the command's own transaction, never changed afterwards."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from tradewind.runtime.call import Call

APPEND: Final = """
    INSERT INTO runtime.audit_entry (actor, action, subject, correlation_id, facts)
    SELECT a, b, c, d, e::jsonb
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS u (a, b, c, d, e)
"""
_encoder = msgspec.json.Encoder(decimal_format="number")


class Entry(NamedTuple):
    """One line of the trail."""

    actor: str
    action: str
    subject: str
    correlation_id: str
    facts: str


def entry(call: Call, action: str, subject: str, facts: Mapping[str, Any]) -> Entry:
    """What `call`'s actor did to `subject`."""
    return Entry(call.actor.subject, action, subject, call.correlation_id, _encoder.encode(facts).decode())


def columns(entries: Sequence[Entry]) -> tuple[list[str], ...]:
    """Entries turned into the arrays that APPEND takes."""
    return tuple(list(column) for column in zip(*entries, strict=True))
