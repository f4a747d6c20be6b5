"""A context's table of contents: what it handles, hears, projects, offers and keeps. All that app imports of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tradewind.contracts.dead_letters import DeadLetters
from tradewind.contracts.privacy import PersonalData
from tradewind.runtime.saga.definition import Saga
from tradewind.runtime.subscriptions import Listener, Subscriber
from tradewind.runtime.timers import Timer

Handler = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Everything a host must know of a context. `routes` are edges over HTTP, `sockets` over WebSocket,
    `intakes` over MQTT (api/mqtt/intake.py).

    `peers`: protocol to answerer.
    `subscribers` hear in one worker, durably; `listeners` in every process, from now on.
    `hears_elsewhere`: subscribers that hear only what other databases tell, carried where there are any.
    `parts`: what every process has for itself, protocol to its maker; found like a peer.

    `remote`: modules with edges over gRPC, named only, because they load its library (api/grpc/methods.py).
    `aliases`: address of some routes to another word for it, under which they are answered too (D33).
    `personal_data`: what the context holds of people, where it holds any.
    `dead_letters`: those that are its own; what its subscribers gave up is the relay's.
    """

    name: str
    migrations: Path
    handlers: tuple[Handler, ...] = ()
    routes: tuple[Any, ...] = ()
    sockets: tuple[Any, ...] = ()
    remote: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    subscribers: tuple[Subscriber, ...] = ()
    hears_elsewhere: tuple[Subscriber, ...] = ()
    listeners: tuple[Listener, ...] = ()
    sagas: tuple[Saga, ...] = ()
    timers: tuple[Timer, ...] = ()
    intakes: tuple[Any, ...] = ()
    peers: Mapping[type, object] = field(default_factory=dict)
    parts: Mapping[type, Callable[[], object]] = field(default_factory=dict)
    personal_data: PersonalData | None = None
    dead_letters: DeadLetters | None = None
