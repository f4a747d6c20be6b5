"""The trail of who did what: one entry a command, in the command's own transaction, never changed afterwards."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from tradewind.runtime.call import Call

APPEND: Final = """
    INSERT INTO runtime.audit_entry (actor, action, subject, correlation_id, facts)
    SELECT * FROM unnest($1::runtime.new_audit_entry[])
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
