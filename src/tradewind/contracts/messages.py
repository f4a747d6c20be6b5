"""What every command and every event is made of."""

from typing import Any, ClassVar

from msgspec import Struct


class Command(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A wish with an imperative name. Exactly one handler answers it, or refuses."""


class Event(Struct, frozen=True, kw_only=True, rename="camel"):
    """Something that happened, born once: the domain returns it, the outbox keeps it, consumers match on it.

    `TYPE` is its name on the wire, `<domain>.<context>.<entity>.<action>.v<major>`; `key()` is what it is ordered by.
    Values only: never an entity, never a secret, never personal data.
    """

    TYPE: ClassVar[str]
    KEY: ClassVar[str] = "order_id"

    def key(self) -> str:
        """The partition key: events of one key are heard in the order in which they were told."""
        value: Any = getattr(self, self.KEY)
        return str(value)
