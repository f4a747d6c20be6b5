"""Who is asking, and what the asking is called in logs and traces."""

from msgspec import Struct

from tradewind.kernel.ids import new_id, new_trace_id


class Actor(Struct, frozen=True, kw_only=True):
    """One who acts: a token's subject with its roles and scopes. Never a name or an address.

    `session`: the login that the token came from; None for guests and for the shop itself.
    """

    subject: str
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    tenant: str = "default"
    session: str | None = None

    @property
    def kind(self) -> str:
        """What they are, in a word for logs: guest, customer, system …; their roles, where there are several."""
        return "+".join(sorted(self.roles)) or "nobody"


ANONYMOUS = Actor(subject="anonymous", roles=frozenset({"anonymous"}))


class Call(Struct, frozen=True, kw_only=True):
    """One call through any edge. `wait_s` is what the client will wait for a settled answer (`Prefer: wait`).

    `device`: what the client says it is, cut short; told of calls that may change something.
    """

    actor: Actor
    correlation_id: str
    trace_id: str
    route: str = ""
    idempotency_key: str | None = None
    wait_s: float = 0.0
    device: str = ""


def internal_call(name: str, *, correlation_id: str | None = None, trace_id: str | None = None) -> Call:
    """A call that the shop makes on its own behalf (saga, timer, subscriber)."""
    actor = Actor(subject=f"system:{name}", roles=frozenset({"system"}))
    return Call(
        actor=actor,
        correlation_id=correlation_id or str(new_id()),
        trace_id=trace_id or new_trace_id(),
        route=name,
    )
