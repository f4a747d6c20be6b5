"""The policy port: one yes-or-no question about one action, asked before anything is done."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol


class Policy(Protocol):
    """Decides who may do what. Deny is the answer to every question that no rule says yes to.

    The input is `action` (`orders.cancel`), `roles`, `scopes`, and `resource`: facts of it where known, such as
    `owner` (the actor owns it) and `status`. A question without facts is about the action as such and is asked before
    the handler runs; the handler asks again with the facts once it has read the resource.
    """

    @property
    def lasts_s(self) -> float:
        """For how long an answer may be remembered (s); infinite where the rules cannot change."""
        ...

    def allows(self, question: Mapping[str, Any], /) -> bool:
        """Whether the rules say yes."""
        ...


def question(action: str, roles: Iterable[str], scopes: Iterable[str], **facts: Any) -> dict[str, Any]:
    """The canonical input: sorted, so that equal questions are equal."""
    return {"action": action, "roles": sorted(roles), "scopes": sorted(scopes), "resource": facts}
