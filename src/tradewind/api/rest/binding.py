"""Binds a route: what can be prepared is prepared once; a request is only decoded, called, encoded."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, get_args
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from tradewind.api.rest import bodies, moments, problems, versions
from tradewind.api.rest.headers import everything
from tradewind.api.rest.refusals import InvalidParameter
from tradewind.api.rest.routes import AllHeaders, Dispatch, Parameter, Reply, Route, Source, takes_many
from tradewind.kernel.cards import CardNumberRefused, holds_card_number
from tradewind.runtime.call import Call
from tradewind.runtime.keeping import Encoded

MAX_PARAMETER: Final = 255
"""Longest text that a path or query parameter may be, in characters."""
MAX_QUERY_FIELDS: Final = 64
TEXT_PATTERN: Final = r"^[^\u0000-\u001F\u007F-\u009F]*$"
"""What such a text may hold, for the OpenAPI document."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_encode = msgspec.json.Encoder(decimal_format="number").encode


def encoded(answer: Any, version: int, *shows: str) -> Encoded:
    """The body of an answer, as GET sends it, to be kept. `shows`: tags of all that it shows beside its key."""
    content = _encode(answer)
    return Encoded(content, versions.tag(version, content), shows)


Arguments = dict[str, Any]


class Binding:
    """A route made ready. `has_location`: its answer's id leads to an address that GET answers."""

    def __init__(self, route: Route, *, has_location: bool) -> None:
        self.route = route
        self.name = f"{route.method} {route.path}"
        self.has_location = has_location
        by_source: dict[Source, list[Parameter]] = {source: [] for source in Source}
        for parameter in route.parameters:
            by_source[parameter.source].append(parameter)
        by_name = {p.name: p for p in by_source[Source.PATH]}
        self._path = [by_name[s[1:-1]] for s in route.path.split("/") if s.startswith("{")]
        self._query = {p.wire: p for p in by_source[Source.QUERY]}
        self._call = [p.name for p in by_source[Source.CALL]]
        self._dispatch = [p.name for p in by_source[Source.DISPATCH]]
        self._if_match = by_source[Source.IF_MATCH]
        self._headers = [p.name for p in by_source[Source.HEADERS]]
        self.has_version = versions.has_version(route.returns)
        self.body = next(iter(by_source[Source.BODY]), None)
        self.form = next(iter(by_source[Source.FORM]), None)
        self.raw = next(iter(by_source[Source.RAW]), None)
        self._reads = [media_type.encode() for media_type in route.reads.media_types] if route.reads else []
        self.max_body_bytes = route.reads.max_bytes if route.reads else bodies.MAX_BODY_BYTES
        self._decoder = msgspec.json.Decoder(self.body.type) if self.body else None
        self.content_type = route.content_type.encode()

    @property
    def reads_body(self) -> bool:
        """Whether the request's body matters."""
        return self.body is not None or self.form is not None or self.raw is not None

    def arguments(
        self,
        path: Sequence[str],
        query: bytes,
        body: bytes,
        headers: Mapping[bytes, bytes],
        call: Call,
        dispatch: Dispatch,
    ) -> Arguments:
        """What the function is called with; refuses what the client sent wrong."""
        found: Arguments = {}
        for parameter, text in zip(self._path, path, strict=True):
            found[parameter.name] = _converted(parameter, text)
        if query or self._query:
            self._from_query(query, found)
        if self.raw is not None:
            bodies.expect_one(self._reads, headers)
            found[self.raw.name] = body
        elif self.reads_body:
            self._from_body(body, headers, found)
        for parameter in self._if_match:
            found[parameter.name] = versions.expected(headers, required=parameter.required)
        for name in self._call:
            found[name] = call
        for name in self._dispatch:
            found[name] = dispatch
        return found

    def with_headers(self, pairs: Iterable[tuple[bytes, bytes]]) -> Arguments:
        """What the function is told of the request's headers, where it wants to know all of them."""
        return {name: AllHeaders(everything(pairs)) for name in self._headers}

    def _from_body(self, body: bytes, headers: Mapping[bytes, bytes], found: Arguments) -> None:
        parameter = self.body or self.form
        assert parameter is not None, "asked only where there is one"
        if not body and not parameter.required:
            found[parameter.name] = parameter.default
        elif self._decoder is not None:
            bodies.expect(b"application/json", headers)
            found[parameter.name] = bodies.decode_json(body, self._decoder)
        else:
            bodies.expect(b"application/x-www-form-urlencoded", headers)
            found[parameter.name] = bodies.decode_form(body, parameter.type)

    def _from_query(self, query: bytes, found: Arguments) -> None:
        given: dict[str, list[str]] = {}
        try:
            for name, text in parse_qsl(
                query.decode(), keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS, errors="strict"
            ):
                given.setdefault(name, []).append(text)
        except ValueError:
            raise InvalidParameter("The query cannot be read.") from None
        if unknown := given.keys() - self._query.keys():
            raise InvalidParameter("The query has parameters that this route does not know.", unknown=sorted(unknown))
        for wire, parameter in self._query.items():
            texts = given.get(wire)
            if texts is None:
                if parameter.required:
                    raise problems.invalid(InvalidParameter, "Required", prefix=f"/{wire}")
                found[parameter.name] = parameter.default
            elif takes_many(parameter.type):
                found[parameter.name] = _converted(parameter, texts)
            elif len(texts) > 1:
                raise problems.invalid(InvalidParameter, "Given twice", prefix=f"/{wire}")
            else:
                found[parameter.name] = _converted(parameter, texts[0])

    def response(self, answer: Any) -> tuple[int, bytes, Mapping[str, str]]:
        """Status, body and further headers of what the function returned."""
        if type(answer) is Encoded:
            return self.route.status, answer.content, {"ETag": answer.tag}
        if type(answer) is Reply:
            status = answer.status or self.route.status
            content, headers = answer.content, answer.headers
        else:
            status, content, headers = self.route.status, answer, {}
        encoded = b"" if content is None or self.route.events else self._encoded(content)
        if self.has_version and (version := getattr(content, "version", None)) is not None:
            headers = {"ETag": versions.tag(version, encoded), **headers}
        return status, encoded, headers

    def _encoded(self, content: Any) -> bytes:
        return content if type(content) is bytes else _encode(content)


def location_leads_somewhere(route: Route, gets: set[str]) -> bool:
    """Whether the answer to a 201 has an id at which GET answers."""
    if route.status != 201:
        return False
    inner = get_args(route.returns) or (route.returns,)
    has_id = any(isinstance(t, type) and issubclass(t, Struct) and "id" in t.__struct_fields__ for t in inner)
    return has_id and any(
        path.startswith(route.path + "/{") and path.count("/") == route.path.count("/") + 1 for path in gets
    )


def _converted(parameter: Parameter, text: str | list[str]) -> Any:
    for one in (text,) if isinstance(text, str) else text:
        if len(one) > MAX_PARAMETER or _CONTROL.search(one):
            detail = f"Expected at most {MAX_PARAMETER} characters, none of them a control character"
            raise problems.invalid(InvalidParameter, detail, prefix=f"/{parameter.wire}")
        if holds_card_number(one):
            raise CardNumberRefused
    try:
        value = msgspec.convert(text, parameter.type, strict=False)
        if isinstance(value, datetime):  # a number is no moment, though it could be taken for seconds since 1970
            value = msgspec.convert(text, parameter.type)
    except msgspec.ValidationError as error:
        raise problems.invalid(InvalidParameter, str(error), prefix=f"/{parameter.wire}") from None
    if isinstance(value, datetime) and moments.out_of_calendar(str(text), value):
        raise problems.invalid(InvalidParameter, moments.DETAIL, prefix=f"/{parameter.wire}")
    return value
