"""The OpenAPI 3.1 document, made from the routes: what is not declared is not described, and the reverse."""

import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

import msgspec

from tradewind.api.rest import problems
from tradewind.api.rest.binding import MAX_PARAMETER, TEXT_PATTERN
from tradewind.api.rest.headers import MAX_CORRELATION_ID, MAX_IDEMPOTENCY_KEY, MAX_WAIT_S
from tradewind.api.rest.routes import Parameter, Route, Source
from tradewind.api.rest.versions import has_version
from tradewind.kernel.errors import Refusal

Json = dict[str, Any]
_REF: Final = "#/components/schemas/{name}"
_DECIMAL: Final = {"type": "string", "format": "decimal"}
_PRINTABLE: Final = r"^[\x20-\x7E]+$"
_DESCRIBED: Final = (Source.BODY, Source.FORM, Source.PATH, Source.QUERY)
_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_TOKEN: Final = {"bearer": list[str]()}

_HEADERS: Final[dict[str, Json]] = {
    "Correlation-Id": {
        "description": "What the client calls this request; sent back, and kept with everything that comes of it.",
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_CORRELATION_ID, "pattern": _PRINTABLE},
    },
    "Idempotency-Key": {
        "description": "The same key and body get the first answer again, for 24 hours; another body is refused.",
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_IDEMPOTENCY_KEY, "pattern": _PRINTABLE},
    },
    "If-Match": {
        "description": "The version that this change is for, as in an answer's `ETag`; `*` for whichever it is.",
        "schema": {"type": "string", "pattern": r'^(\*|(W/)?"[\x21\x23-\x7E]*")$', "examples": ['"3"']},
    },
    "If-None-Match": {
        "description": "The `ETag` of what the client has; 304 where nothing of it has changed.",
        "schema": {"type": "string"},
    },
    "Last-Event-ID": {
        "description": "The last event that the client has: the stream goes on after it, or says `reset`.",
        "schema": {"type": "string", "maxLength": 64},
    },
    "Prefer": {
        "description": f"`wait=N`: answer once the outcome is settled or after N seconds, at most {MAX_WAIT_S}.",
        "schema": {"type": "string", "examples": ["wait=5"]},
    },
}
_PROBLEM: Final[Json] = {
    "type": "object",
    "description": "RFC 9457. Branch on `type`; further members are facts of the refusal.",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "traceId": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
                "required": ["pointer", "detail"],
            },
        },
    },
    "required": ["type", "title", "status", "detail", "instance", "traceId"],
}


def describe(routes: Sequence[Route], *, token_url: str) -> Json:
    """The whole document."""
    sent = [p.type for r in routes for p in r.parameters if p.source in _DESCRIBED]
    given = [t for r in routes for t in (r.returns, *r.events.values()) if t is not None]
    schemas, components = _schemas([*sent, *given])
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://spec.openapis.org/oas/3.1/dialect/base",
        "info": {
            "title": "Tradewind",
            "version": version("tradewind"),
            "description": "Errors are problem documents; each `type` is the address of a page that explains it.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {**components, "Problem": _PROBLEM},
            "responses": {str(status): _problem_response(status) for status in sorted({*problems.STATUS.values()})},
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": f"A token from `{token_url}`, or a guest's from `/api/v1/auth/guest`.",
                }
            },
        },
    }


class _Schemas:
    """Schemas by type; a type may not be hashable, so they are found by its representation."""

    def __init__(self, types: Iterable[Any], schemas: Iterable[Json]) -> None:
        self._by_type = {repr(type_): schema for type_, schema in zip(types, schemas, strict=True)}

    def of(self, type_: Any) -> Json:
        return self._by_type[repr(type_)]


def _schemas(types: list[Any]) -> tuple[_Schemas, dict[str, Json]]:
    distinct = list({repr(type_): type_ for type_ in types}.values())
    schemas, components = msgspec.json.schema_components(distinct, ref_template=_REF)
    return _Schemas(distinct, [_numeric(s) for s in schemas]), {n: _numeric(s) for n, s in components.items()}


def _numeric(schema: Any) -> Any:
    """Decimals travel as JSON numbers, to the last digit; msgspec's own schema says string."""
    if isinstance(schema, Mapping):
        if schema.items() >= _DECIMAL.items():
            said = {name: part for name, part in schema.items() if name not in _DECIMAL}
            return {"type": "number", **said, **({"default": float(said["default"])} if "default" in said else {})}
        return {name: _numeric(part) for name, part in schema.items()}
    return [_numeric(part) for part in schema] if isinstance(schema, list) else schema


def _operation(route: Route, schemas: _Schemas) -> Json:
    operation: Json = {
        "operationId": route.function.__name__,
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": _parameters(route, schemas),
        "responses": {str(route.status): _success(route, schemas), **_known(route), **_refusals(route)},
        "security": [_TOKEN, {}] if route.public else [_TOKEN],
    }
    if route.description:
        operation["description"] = route.description
    if body := _body(route, schemas):
        operation["requestBody"] = body
    return operation


def _parameters(route: Route, schemas: _Schemas) -> list[Json]:
    found = []
    for parameter in route.parameters:
        if parameter.source in (Source.PATH, Source.QUERY):
            found.append(_parameter(parameter, schemas))
        elif parameter.source is Source.IF_MATCH:
            found.append({"name": "If-Match", "in": "header", "required": parameter.required, **_HEADERS["If-Match"]})
    names = ["Correlation-Id", *(["Idempotency-Key"] if route.mutates else []), *(["Prefer"] if route.waits else [])]
    names.extend(["If-None-Match"] if _may_be_known(route) else [])
    names.extend(["Last-Event-ID"] if route.events else [])
    found.extend({"name": name, "in": "header", "required": False, **_HEADERS[name]} for name in names)
    return found


def _may_be_known(route: Route) -> bool:
    return not route.mutates and has_version(route.returns)


def _parameter(parameter: Parameter, schemas: _Schemas) -> Json:
    schema = dict(schemas.of(parameter.type))
    if schema.get("type") == "string" and "format" not in schema:
        least = 1 if parameter.source is Source.PATH else 0
        schema = {"minLength": least, "maxLength": MAX_PARAMETER, "pattern": TEXT_PATTERN, **schema}
    if not parameter.required and parameter.default is not None:
        schema["default"] = msgspec.to_builtins(parameter.default)
    required = parameter.source is Source.PATH or parameter.required
    return {"name": parameter.wire, "in": parameter.source.value, "required": required, "schema": schema}


def _body(route: Route, schemas: _Schemas) -> Json | None:
    if route.reads:
        return {"required": True, "content": dict.fromkeys(route.reads.media_types, _BINARY)}
    for parameter in route.parameters:
        if parameter.source in (Source.BODY, Source.FORM):
            is_json = parameter.source is Source.BODY
            media_type = "application/json" if is_json else "application/x-www-form-urlencoded"
            return {"required": parameter.required, "content": {media_type: {"schema": schemas.of(parameter.type)}}}
    return None


def _success(route: Route, schemas: _Schemas) -> Json:
    response: Json = {
        "description": HTTPStatus(route.status).phrase,
        "headers": {"Correlation-Id": {"schema": {"type": "string"}}},
    }
    if route.status == 201:
        response["headers"]["Location"] = {"schema": {"type": "string", "format": "uri-reference"}}
    if has_version(route.returns):
        response["headers"]["ETag"] = {"schema": {"type": "string"}}
    if route.waits:
        response["headers"]["Preference-Applied"] = {"schema": {"type": "string"}}
    if route.returns is not None:
        response["content"] = {route.content_type: {"schema": schemas.of(route.returns)}}
    if route.events:
        response["content"][route.content_type]["x-events"] = {n: schemas.of(t) for n, t in route.events.items()}
    return response


def _known(route: Route) -> Json:
    return {"304": {"description": "What the client has is what there is."}} if _may_be_known(route) else {}


def _refusals(route: Route) -> Json:
    statuses = {400, 401, 429, 500, 503}
    sources = {parameter.source for parameter in route.parameters}
    if not route.public:
        statuses |= {403}
    if Source.PATH in sources:
        statuses |= {404}
    if sources & {Source.PATH, Source.QUERY}:
        statuses |= {422}
    if sources & {Source.BODY, Source.FORM, Source.RAW}:
        statuses |= {408, 413, 415, 422}
    for parameter in route.parameters:
        if parameter.source is Source.IF_MATCH:
            statuses |= {412, 428} if parameter.required else {412}
    if route.mutates:
        statuses |= {409, 422}
    named: dict[int, list[type[Refusal]]] = {}
    for kind in route.raises:
        named.setdefault(problems.status_of(kind), []).append(kind)
    found = {s: _named_response(s, named[s]) if s in named else _shared(s) for s in sorted(statuses | set(named))}
    if route.on_refusal:
        found |= {s: _in_its_own_shape(s, named.get(s, [])) for s in found if s != HTTPStatus.INTERNAL_SERVER_ERROR}
    return {str(s): response for s, response in found.items()}


def _in_its_own_shape(status: int, kinds: Sequence[type[Refusal]]) -> Json:
    """Of a route that refuses as another standard asks for; what breaks before it is known is a problem still."""
    response = _named_response(status, kinds)
    return {**response, "content": {"application/json": {"schema": {"type": "object"}}, **response["content"]}}


def _shared(status: int) -> Json:
    return {"$ref": f"#/components/responses/{status}"}


def _problem_response(status: int) -> Json:
    response: Json = {
        "description": HTTPStatus(status).phrase,
        "content": {problems.MEDIA_TYPE: {"schema": {"$ref": _REF.format(name="Problem")}}},
    }
    if status in (429, 503):
        response["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
    if status == 401:
        response["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return response


def _named_response(status: int, kinds: Sequence[type[Refusal]]) -> Json:
    lines = [f"`/problems/{problems.slug(kind)}`: {(kind.__doc__ or '').strip().splitlines()[0]}" for kind in kinds]
    return {**_problem_response(status), "description": " ".join([f"{HTTPStatus(status).phrase}.", *lines])}


def for_the_browser(document: Mapping[str, Any]) -> Json:
    """The document in OpenAPI 3.0, which is what the bundled Swagger UI can draw."""
    older: Json = _older(document)
    older.pop("jsonSchemaDialect", None)
    return {**older, "openapi": "3.0.3"}


def _older(part: Any) -> Any:
    if isinstance(part, list):
        return [_older(one) for one in part]
    if not isinstance(part, Mapping):
        return part
    choices = part.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        rest = [_older(one) for one in choices if one != {"type": "null"}]
        others = {name: _older(value) for name, value in part.items() if name not in ("anyOf", "default")}
        return {**others, "nullable": True, **({"allOf": rest} if len(rest) == 1 else {"anyOf": rest})}
    renamed = {re.sub(r"^const$", "enum", name): _older([v] if name == "const" else v) for name, v in part.items()}
    if isinstance(renamed.get("examples"), list):
        renamed["example"] = next(iter(renamed.pop("examples")), None)
    return renamed
