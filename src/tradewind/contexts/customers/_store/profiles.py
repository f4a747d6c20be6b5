"""The SQL of customers.profile and customers.preference."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from tradewind.contexts.customers._domain.contacts import Channel, Contact
from tradewind.contexts.customers._domain.profile import (
    DEFAULT_CURRENCY,
    DEFAULT_LANGUAGE,
    DEFAULT_TIME_ZONE,
    Preference,
    Profile,
)
from tradewind.runtime.database import Tx

BEGIN: Final = """
    INSERT INTO customers.profile (user_id, version, language, currency, time_zone)
    SELECT unnest($1::text[]), 0, $2, $3, $4 ON CONFLICT (user_id) DO NOTHING
"""
HOLD: Final = """
    SELECT user_id, version, name, contacts::text AS contacts, language, currency, time_zone, created_at, changed_at
    FROM customers.profile WHERE user_id = $1 FOR NO KEY UPDATE
"""
READ: Final = """
    SELECT user_id, version, name, contacts::text AS contacts, language, currency, time_zone, created_at, changed_at
    FROM customers.profile WHERE user_id = $1
"""
SAVE: Final = """
    UPDATE customers.profile SET version = $2, name = $3, contacts = $4::jsonb, language = $5, currency = $6,
        time_zone = $7, changed_at = now()
    WHERE user_id = $1 RETURNING changed_at
"""
PREFERENCE: Final = """
    SELECT user_id, version, preferred_channel, marketing::text AS marketing
    FROM customers.preference WHERE user_id = $1
"""
SAVE_PREFERENCE: Final = """
    INSERT INTO customers.preference (user_id, version, preferred_channel, marketing) VALUES ($1, $2, $3, $4::jsonb)
    ON CONFLICT (user_id) DO UPDATE SET version = excluded.version, preferred_channel = excluded.preferred_channel,
        marketing = excluded.marketing, changed_at = now()
"""
ALL_OF: Final = """
    SELECT p.user_id, p.version, p.name, p.contacts::text AS contacts, p.language, p.currency, p.time_zone,
        p.created_at, p.changed_at, coalesce(f.version, 0) AS preference, f.preferred_channel,
        coalesce(f.marketing, '{}')::text AS marketing
    FROM customers.profile AS p LEFT JOIN customers.preference AS f USING (user_id)
    WHERE p.user_id = ANY($1::text[])
"""
FORGET_PROFILE: Final = "DELETE FROM customers.profile WHERE user_id = $1"
FORGET_PREFERENCE: Final = "DELETE FROM customers.preference WHERE user_id = $1"


async def begin(tx: Tx, *user_ids: str) -> None:
    """Let there be a profile of each, if only an empty one."""
    await tx.run(BEGIN, list(user_ids), DEFAULT_LANGUAGE, DEFAULT_CURRENCY, DEFAULT_TIME_ZONE)


async def hold(tx: Tx, user_id: str) -> Profile:
    """The profile, begun where there was none; nothing else of this person changes until the transaction ends."""
    await begin(tx, user_id)
    row = await tx.row(HOLD, user_id)
    assert row is not None, "it was begun just now"
    return _profile(row)


async def read(tx: Tx, user_id: str) -> Profile | None:
    """The profile as it stands, where there is one."""
    row = await tx.row(READ, user_id)
    return _profile(row) if row else None


async def save(tx: Tx, profile: Profile) -> Profile:
    """Write a profile that is held; the same with the time of it."""
    contacts = msgspec.json.encode(profile.contacts).decode()
    changed_at = await tx.value(
        SAVE, profile.user_id, profile.version, profile.name, contacts, profile.language, profile.currency,
        profile.time_zone,
    )  # fmt: skip
    return msgspec.structs.replace(profile, changed_at=changed_at)


async def preference(tx: Tx, user_id: str) -> Preference:
    """What a customer prefers; version 0 where they never said."""
    row = await tx.row(PREFERENCE, user_id)
    return Preference(user_id=user_id) if row is None else _preference(row, row["version"])


async def all_of(tx: Tx, user_ids: Sequence[str]) -> Sequence[tuple[Profile, Preference]]:
    """Those who have a profile, with what they prefer."""
    return [(_profile(row), _preference(row, row["preference"])) for row in await tx.all(ALL_OF, list(user_ids))]


def _preference(row: Any, version: int) -> Preference:
    channel = row["preferred_channel"]
    return Preference(
        user_id=row["user_id"],
        version=version,
        preferred_channel=Channel(channel) if channel else None,
        marketing=msgspec.json.decode(row["marketing"], type=dict[Channel, datetime]),
    )


async def save_preference(tx: Tx, one: Preference) -> None:
    """Write the preferences of a person whose profile is held."""
    agreed = msgspec.json.encode(dict(one.marketing)).decode()
    await tx.run(SAVE_PREFERENCE, one.user_id, one.version, one.preferred_channel, agreed)


async def forget(tx: Tx, user_id: str) -> None:
    """Nothing stays of profile and preferences."""
    await tx.run(FORGET_PROFILE, user_id)
    await tx.run(FORGET_PREFERENCE, user_id)


def _profile(row: Any) -> Profile:
    return Profile(
        user_id=row["user_id"],
        version=row["version"],
        name=row["name"],
        contacts=msgspec.json.decode(row["contacts"], type=tuple[Contact, ...]),
        language=row["language"],
        currency=row["currency"],
        time_zone=row["time_zone"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
    )
