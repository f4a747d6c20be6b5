"""Refusals: what the shop says no to, by kind. Each protocol maps the kinds in one table.

    Refusal
    ├── Invalid           the request cannot be understood or breaks a rule of its shape
    ├── Unauthenticated   nobody, or nobody we can be sure of, is asking
    ├── Forbidden         this one may not
    ├── NotFound          there is no such thing, or none that this one may see
    ├── Conflict          not in this state
    │   └── Stale         somebody else changed it first; trying again may work
    ├── Throttled         too much, too fast; carries `retry_after_s`
    └── Unavailable       not now; carries `retry_after_s`

A refusal's class name is its stable name on the wire; its facts travel with it and never hold secrets or personal data.
"""

from typing import Any, ClassVar


class Refusal(Exception):  # noqa: N818 -- a refusal is an answer, not an error
    """A rule said no. `detail` is for people; `facts` are for programs."""

    title: ClassVar[str] = ""

    def __init__(self, detail: str = "", **facts: Any) -> None:
        self.detail = detail or (self.__doc__ or "").strip().splitlines()[0]
        super().__init__(self.detail)
        self.facts = facts


class Invalid(Refusal):
    """The request is not well formed. `errors` may list `{pointer, detail}`."""


class Unauthenticated(Refusal):
    """A valid token is needed."""


class Forbidden(Refusal):
    """The policy does not allow this."""


class NotFound(Refusal):
    """There is no such thing."""


class Conflict(Refusal):
    """The present state does not allow this."""


class Stale(Conflict):
    """Somebody else changed it first."""


class Throttled(Refusal):
    """Too many requests."""

    def __init__(self, detail: str = "", *, retry_after_s: int = 1, **facts: Any) -> None:
        super().__init__(detail, **facts)
        self.retry_after_s = retry_after_s


class Unavailable(Refusal):
    """Not possible right now."""

    def __init__(self, detail: str = "", *, retry_after_s: int = 1, **facts: Any) -> None:
        super().__init__(detail, **facts)
        self.retry_after_s = retry_after_s
