"""What REST itself says no to, before any handler is asked."""

from typing import Any, ClassVar

from tradewind.kernel.errors import Invalid, NotFound, Refusal, Unauthenticated


class MalformedBody(Invalid):
    """The body is not a JSON document that can be read without doubt."""


class InvalidBody(Invalid):
    """The body does not have the shape that this route needs."""


class InvalidParameter(Invalid):
    """A parameter of the path or the query is not what this route needs."""


class InvalidHeader(Invalid):
    """A header cannot be read."""


class BodyTooLarge(Invalid):
    """The body is larger than any request needs."""


class BodyTooSlow(Invalid):
    """The body did not arrive in time."""


class VersionMissing(Invalid):
    """This change must say which version it is for: send If-Match."""


class UnsupportedMediaType(Invalid):
    """The body is of a kind that this route does not read."""


class NoSuchRoute(NotFound):
    """There is nothing at this address."""


class MethodNotAllowed(Refusal):
    """This address does not answer this method."""

    def __init__(self, *allowed: str) -> None:
        super().__init__(allowed=sorted(allowed))


class TokenMissing(Unauthenticated):
    """This needs a bearer token."""


class InternalFault(Refusal):
    """Something is broken on our side; it has been noted."""

    title: ClassVar[str] = "Internal fault"

    def __init__(self, **facts: Any) -> None:
        super().__init__(**facts)
