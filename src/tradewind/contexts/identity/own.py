"""What a caller's token says of their own account and session."""

from uuid import UUID

from tradewind.runtime.call import Actor


def user_id_of(actor: Actor) -> UUID | None:
    """The account of a caller who has one; guests and the shop itself have none."""
    return _id(actor.subject)


def session_of(actor: Actor) -> UUID | None:
    """The session that the caller's token belongs to."""
    return _id(actor.session or "")


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
