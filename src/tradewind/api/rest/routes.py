"""What a route is: data about one function, made by a decorator and read by the binder and the OpenAPI document."""

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import Any, Final, NewType, Protocol, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from tradewind.api.live.channel import Follow
from tradewind.api.rest.rates import RATES
from tradewind.api.rest.versions import IfMatch
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Refusal
from tradewind.runtime.call import Call

Function = Callable[..., Awaitable[Any]]
_SEGMENT = re.compile(r"\{([a-z][a-z0-9_]*)\}")
READS: Final = frozenset({"GET", "HEAD"})
EVENT_STREAM: Final = "text/event-stream"


class Dispatch(Protocol):
    """Hands a command to its handler and brings back the answer."""

    async def __call__(self, command: Command, call: Call) -> Any:
        """The handler's answer, or its refusal."""
        ...


class Body(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What a client sends: camelCase on the wire, unknown fields refused."""


class Answer(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a client gets: camelCase on the wire, decimals as exact JSON numbers, times in UTC with a Z."""


class Reply(Struct, frozen=True, kw_only=True):
    """An answer that needs another status, or headers of its own; these go before those that all answers carry."""

    content: Any = None
    status: int | None = None
    headers: Mapping[str, str] = {}


class RawBody(Struct, frozen=True):
    """A body that is no JSON: the media types that are read, and how many bytes there may be."""

    media_types: tuple[str, ...]
    max_bytes: int


Headers = NewType("Headers", Mapping[str, str])
"""The request's headers, names in lower case: for who must see them as they came, to check a signature over a body."""
OnRefusal = Callable[[Refusal, int], Reply]


class Source(StrEnum):
    """Where an argument comes from."""

    BODY = "body"
    FORM = "form"
    RAW = "raw"
    IF_MATCH = "if-match"
    PATH = "path"
    QUERY = "query"
    HEADERS = "headers"
    CALL = "call"
    DISPATCH = "dispatch"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a route's function. `wire` is what clients call it."""

    name: str
    wire: str
    source: Source
    type: Any
    default: Any = inspect.Parameter.empty

    @property
    def required(self) -> bool:
        """Whether a client must send it."""
        return self.default is inspect.Parameter.empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method on one path. Calling a route calls its function, so that a test may."""

    method: str
    path: str
    status: int
    function: Function
    public: bool | str
    waits: bool
    raises: tuple[type[Refusal], ...]
    on_refusal: OnRefusal | None
    parameters: tuple[Parameter, ...]
    returns: Any
    content_type: str
    reads: RawBody | None
    tag: str = field(default="")
    limit: str = "read"
    """The class of rate limits that it is counted in (api.rest.rates)."""
    events: Mapping[str, type[Struct]] = field(default_factory=dict)
    """What a stream tells: name to payload."""

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return inspect.getdoc(self.function).splitlines()[0]  # type: ignore[union-attr]

    @property
    def description(self) -> str:
        """The rest of the docstring."""
        return "\n".join((inspect.getdoc(self.function) or "").splitlines()[1:]).strip()

    @property
    def mutates(self) -> bool:
        """Whether it may change something."""
        return self.method not in READS

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return await self.function(*args, **kwargs)


def _declare(  # noqa: PLR0913 -- declarations are named one by one
    method: str,
    path: str,
    *,
    status: int | None = None,
    public: bool | str = False,
    waits: bool = False,
    raises: tuple[type[Refusal], ...] = (),
    on_refusal: OnRefusal | None = None,
    content_type: str = "application/json",
    limit: str | None = None,
    reads: RawBody | None = None,
) -> Callable[[Function], Route]:
    """Declare the decorated function to answer `method` on `path`.

    `public`: no token is needed; for a mutation it must be the reason (S0-94). `waits`: honours `Prefer: wait`.
    `raises`: refusals worth naming in the OpenAPI document. `on_refusal`: answers refusals in another shape than
    a problem document, where a standard asks for it. `limit`: the class of rate limits (api.rest.rates) where it is
    not that of its method, `read` or `write`. `reads`: what a `body: bytes` may be; it is handed
    over as it came.
    """

    def mark(function: Function) -> Route:
        returns = get_type_hints(function, include_extras=True).get("return", Any)
        nothing = returns in (None, type(None))
        return _checked(
            Route(
                method=method,
                path=path,
                status=status or (204 if nothing else 200),
                function=function,
                public=public,
                waits=waits,
                raises=raises,
                on_refusal=on_refusal,
                parameters=_parameters(function, path),
                returns=None if nothing else returns,
                content_type=content_type,
                reads=reads,
                tag=_tag(function),
                limit=limit or ("read" if method in READS else "write"),
            )
        )

    return mark


get = partial(_declare, "GET")
post = partial(_declare, "POST")
put = partial(_declare, "PUT")
patch = partial(_declare, "PATCH")
delete = partial(_declare, "DELETE")


def stream(
    path: str,
    *,
    events: Mapping[str, type[Struct]],
    public: bool = False,
    raises: tuple[type[Refusal], ...] = (),
    limit: str | None = None,
) -> Callable[[Function], Route]:
    """Declare the decorated function to answer GET on `path` with server-sent events: it returns a `Follow`.

    `events`: name to payload of all that may be told. Clients resume by `Last-Event-ID`; `reset` tells those who were
    away for too long to look at everything again.
    """
    declare = get(path, public=public, raises=raises, limit=limit, content_type=EVENT_STREAM)

    def mark(function: Function) -> Route:
        assert get_type_hints(function).get("return") is Follow, f"{path}: a stream returns a Follow"
        return replace(declare(function), returns=str, events=events)

    return mark


def _parameters(function: Function, path: str) -> tuple[Parameter, ...]:
    hints = get_type_hints(function, include_extras=True)
    in_path = _SEGMENT.findall(path)
    found = []
    for name, declared in inspect.signature(function).parameters.items():
        assert name in hints, f"{function.__qualname__}: `{name}` has no annotation"
        source = _source(name, hints[name], in_path)
        wire = name if source is Source.PATH else _camel(name)
        found.append(Parameter(name, wire, source, hints[name], declared.default))
    missing = set(in_path) - {p.name for p in found}
    assert not missing, f"{function.__qualname__}: the path names {missing}, the function does not"
    return tuple(found)


def _source(name: str, annotation: Any, in_path: list[str]) -> Source:
    if annotation is Call:
        return Source.CALL
    if annotation == IfMatch:
        return Source.IF_MATCH
    if annotation is Dispatch:
        return Source.DISPATCH
    if annotation is Headers:
        return Source.HEADERS
    if name in in_path:
        return Source.PATH
    if name == "body" and annotation is bytes:
        return Source.RAW
    return Source(name) if name in ("body", "form") else Source.QUERY


def _checked(route: Route) -> Route:
    where = f"{route.method} {route.path}"
    assert inspect.getdoc(route.function), f"{where}: the docstring is the summary; there is none"
    assert route.path.startswith("/"), f"{where}: a path begins with a slash"
    assert route.limit in RATES, f"{where}: there is no class of rate limits called {route.limit}"
    if route.mutates and route.public:
        assert isinstance(route.public, str), f"{where}: a mutation without a token needs its reason (S0-94)"
    for parameter in route.parameters:
        if parameter.source is Source.RAW:
            assert route.reads, f"{where}: a body of bytes must say what it `reads`"
        if parameter.source is Source.BODY:
            for struct in structs_in(parameter.type):
                strict = struct.__struct_config__.forbid_unknown_fields
                assert strict, f"{where}: {struct.__name__} must forbid unknown fields"
    return route


def structs_in(annotation: Any, seen: set[type[Struct]] | None = None) -> set[type[Struct]]:
    """Every Struct that a value of this type may hold, at any depth."""
    seen = set() if seen is None else seen
    if isinstance(annotation, type) and issubclass(annotation, Struct) and annotation not in seen:
        seen.add(annotation)
        for one in msgspec.structs.fields(annotation):
            structs_in(one.type, seen)
    for inner in get_args(annotation):
        structs_in(inner, seen)
    return seen


def takes_many(annotation: Any) -> bool:
    """Whether a query parameter of this type may be given several times."""
    return get_origin(annotation) is list or any(map(takes_many, get_args(annotation)))


def _tag(function: Function) -> str:
    parts = function.__module__.split(".")
    return parts[parts.index("contexts") + 1] if "contexts" in parts else parts[0]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
