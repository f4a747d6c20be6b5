"""Methods as data: which message comes in, which command it means, which message goes out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message

from tradewind.contracts.messages import Command


@dataclass(frozen=True, kw_only=True)
class Method:
    """One method of a published service. `command` may refuse (Invalid); `answer` makes a message of its answer."""

    service: ServiceDescriptor
    name: str
    request: type[Message]
    command: Callable[[Any], Command]
    answer: Callable[[Any], Message]

    @property
    def descriptor(self) -> MethodDescriptor:
        """What the published file says of it."""
        return self.service.methods_by_name[self.name]


def as_bytes(message: Message) -> bytes:
    """The message as it travels."""
    return message.SerializeToString()


def declared(modules: Iterable[str]) -> list[Method]:
    """The methods of the edges named, each module's METHODS; loads them and grpcio's messages with them."""
    return [method for name in modules for method in import_module(name).METHODS]


def by_service(methods: Sequence[Method]) -> dict[str, list[Method]]:
    """Methods by their service's full name; a service is served whole or not at all."""
    found: dict[str, list[Method]] = {}
    for method in methods:
        found.setdefault(method.service.full_name, []).append(method)
    for name, group in found.items():
        published, here = {one.name for one in group[0].service.methods}, {one.name for one in group}
        assert published == here, f"{name} publishes {sorted(published)} and has edges for {sorted(here)}"
    return found
