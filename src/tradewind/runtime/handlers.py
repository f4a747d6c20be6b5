"""How a function becomes the handler of a command: its first parameter's annotation is its registration."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar, get_type_hints

from tradewind.contracts.messages import Command
from tradewind.runtime.call import Call
from tradewind.runtime.keeping import Kept
from tradewind.runtime.switches import Switch

P = TypeVar("P")
F = TypeVar("F", bound=Callable[..., Awaitable[Any]])
MAX_BATCH = 64
"""Commands that share one transaction at most. Under load two halves overlap: one is thought about, one is written."""


@dataclass(frozen=True)
class Follow:
    """How a client that will wait sees the end of what it began: ask `query(answer)` at each ring until `settled`."""

    query: Callable[[Any], Command]
    settled: Callable[[Any], bool]


@dataclass(frozen=True)
class HandlerSpec:
    """`function(command, tx)`; `function(tasks, tx)` of a batch; `function(command, ask)` of what is outside.

    What has something asked `before` is `function(command, tx, said)`.
    """

    command: type[Command]
    action: str
    answer: type
    function: Callable[..., Awaitable[Any]]
    reads_only: bool = False
    batched: bool = False
    follow: Follow | None = None
    outside: bool = False
    kept: Kept | None = None
    at_once: bool = False
    switch: Switch | None = None
    before: Callable[[Any, "Asking"], Awaitable[Any]] | None = None


def handler(
    *,
    action: str,
    follow: Follow | None = None,
    switch: Switch | None = None,
    before: Callable[[Any, "Asking"], Awaitable[Any]] | None = None,
) -> Callable[[F], F]:
    """Answer a command in a transaction of its own; `action` is what the policy is asked first.

    `switch`: by which the shop's owner has what is new refused. `before(command, ask)`: asks others over the network
    while no connection is held, once the policy has let the command in; what it says is the function's third argument.
    It may have been true only then.
    """

    def mark(function: F) -> F:
        function = _mark(function, action, reads_only=False, follow=follow, switch=switch)
        function.spec = replace(function.spec, before=before)  # type: ignore[attr-defined]
        return function

    return mark


def query(*, action: str, kept: Kept | None = None, at_once: bool = False) -> Callable[[F], F]:
    """Answer a question; nothing is written. `kept`: its answers are read through the cache.

    `at_once`: its statements all see the same moment, where what they find must add up. The policy is asked about
    `action` each time, kept or not.
    """

    def mark(function: F) -> F:
        function = _mark(function, action, reads_only=True, follow=None)
        function.spec = replace(function.spec, kept=kept, at_once=at_once)  # type: ignore[attr-defined]
        return function

    return mark


class Asking(Protocol):
    """What a handler has that holds no connection: the shop itself, asked on behalf of the same call."""

    call: Call

    def peer(self, protocol: type[P]) -> P:
        """Who answers to `protocol` in this process."""
        ...

    async def __call__(self, command: Command) -> Any:
        """The answer of the command's own handler, or its refusal; the policy decides as for any edge."""
        ...

    async def under_key(self, command: Command) -> Any:
        """As the last of all: the answer to the call itself, the same however often it comes with its key."""
        ...


def outside(*, action: str, switch: Switch | None = None) -> Callable[[F], F]:
    """Answer by asking others over the network, `function(command, ask)`: no connection is held while they think."""

    def mark(function: F) -> F:
        function = _mark(function, action, reads_only=False, follow=None, switch=switch)
        function.spec = replace(function.spec, outside=True)  # type: ignore[attr-defined]
        return function

    return mark


def batched(
    command: type[Command], *, action: str, answer: type, follow: Follow | None = None, switch: Switch | None = None
) -> Callable[[F], F]:
    """Answer all waiting commands in one transaction: `function(tasks, tx)` gives an answer or a refusal for each."""

    def mark(function: F) -> F:
        spec = HandlerSpec(command, action, answer, function, batched=True, follow=follow, switch=switch)
        function.spec = spec  # type: ignore[attr-defined]
        return function

    return mark


def _mark(function: F, action: str, *, reads_only: bool, follow: Follow | None, switch: Switch | None = None) -> F:
    hints = get_type_hints(function)
    command = hints[next(iter(inspect.signature(function).parameters))]
    spec = HandlerSpec(command, action, hints["return"], function, reads_only, follow=follow, switch=switch)
    function.spec = spec  # type: ignore[attr-defined]
    return function
