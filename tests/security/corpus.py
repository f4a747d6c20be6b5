"""S3: what attackers write where a name is asked for, and where in a request a name is asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from tradewind.api.rest.binding import TEXT_PATTERN as ANY

Json = Any
Spot = tuple[str | int, ...]
"""Where in a body: names, and 0 for an element of a list."""

FORGED: Final = '{"event": "forged", "level": "info"}'
SHORT: Final = {
    "SQL that ends a string": "' OR '1'='1' --",
    "SQL that stacks": "'; UPDATE catalog.products SET name = 'injected'; --",
    "a null byte": "a\x00b",
    "half a pair": "a\ud800b",
    "a forged log line": f"x\r\n{FORGED}\r\n",
    "a script": "<script>document.title='injected'</script>",
    "nothing": "",
    "64 KB": "x" * 65_536,
}
TEXTS: Final = {
    **SHORT,
    "SQL of a union": "x') UNION SELECT version(), current_user, NULL; --",
    "SQL that waits": "1; SELECT pg_sleep(5); --",
    "SQL in dollars": "$1 $$ $a$ %s %(x)s :x ? {} {0}",
    "SQL wildcards": "%_\\%[a-z]*",
    "a backslash at the end": "x\\",
    "quotes": "\"'`´‘’“”",
    "a JSON path": "$.*[?(@.price < 10)]..x",
    "JSON": '{"$gt": ""}',
    "JSON that goes on": '","role":"admin","x":"',
    "a search for everything": "*:*",
    "search operators": 'name:"a" AND NOT (b OR c)^99 ~2 [a TO z] {x TO *} +a -b /re.*/ IN [a b]',
    "half a search": '"(a AND OR :^~\\',
    "braces of a template": "{{7*7}} ${7*7} <%= 7*7 %> #{7*7} {% debug %} {self.__class__.__mro__}",
    "a lookup": "${jndi:ldap://127.0.0.1:1/x} $(id) `id` | id; & id",
    "a format": "%s%s%s%n %(name)s {0.__class__} {call.actor}",
    "headers": "x\r\nX-Injected: yes\r\nSet-Cookie: a=b\r\n\r\n<html>",
    "a line of the terminal": "\x1b[2J\x1b]0;injected\x07",
    "a formula": "=cmd|' /C calc'!A0",
    "another formula": '@SUM(1+1)*HYPERLINK("http://127.0.0.1:1","x")',
    "a script in an image": "<img src=x onerror=alert(1)>",
    "a script that closes": "\"'></title></textarea></script><svg onload=alert(1)>",
    "an address that runs": "javascript:alert(1)//",
    "XML": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "a path": "../../../../etc/passwd",
    "a path in disguise": "..%2f..%2f%2e%2e/%00/..;/",
    "an address": "http://169.254.169.254/latest/meta-data/",
    "text from right to left": "abc\u202egnp.exe\u202c\u2066x\u2069",
    "the wrong end of a pair": "\udfff\ud800",
    "beyond the plane": "\U0001f469\u200d\U0001f680\U0010ffff\ufffe",
    "marks upon marks": "a" + "\u0300" * 200,
    "looks like another": "аdmin\u200b\u00ad\ufeff",
    "one letter that grows": "ﷺ" * 40 + "İßŉ",
    "line ends of all kinds": "a\u2028b\u2029c\x85d\x0be\x0cf",
    "spaces": " \t\u00a0\u3000 ",
    "a number": "1e400",
    "no number": "NaN",
    "minus nothing": "-0",
    "a day that never was": "2026-02-30T25:61:61Z",
    "the end of time": "9999-12-31T23:59:59.999999999-23:59",
    "no id": "00000000-0000-0000-0000-00000000000g",
    "the first id": "00000000-0000-0000-0000-000000000000",
    "an e-mail with two receivers": "a@shop.test\r\nBcc: b@shop.test",
    "regular expression that never ends": "(a+)+$" + "a" * 60 + "!",
}
NUMBERS: Final = (
    "9223372036854775808", "-9223372036854775809", "2147483648", "1e400", "-1e308", "1" + "0" * 400, "0.1" + "3" * 400,
    "1E+999999999", "1E-999999999", "-1", "-0.0", "1e3", '"1E+999999999"', '"NaN"', '"Infinity"', '"1;"', "true",
    "[1]", "{}",
)  # fmt: skip
"""As they stand in JSON."""
MAX_ADDRESS: Final = 8_000
LEAKS: Final = (
    "asyncpg", "traceback", "syntax error at", "sqlstate", "site-packages", "unterminated", "datatype mismatch",
    "violates", "relation \"", "invalid input syntax", "invalid byte sequence", "pyo3", "tantivy",
    "internal server error", "keyerror", "valueerror", "root:x:0",
)  # fmt: skip
"""What no answer says of the inside, in small letters."""


@dataclass(frozen=True)
class Field:
    """One place for a text or a number. `free` where the document asks for no form."""

    place: str
    """`body`, `form`, `query` or `path`."""
    spot: Spot
    is_text: bool
    free: bool

    def __str__(self) -> str:
        return f"{self.place}:{'/'.join(map(str, self.spot))}"


def fields(document: Json, operation: Mapping[str, Json]) -> list[Field]:
    """Every place of an operation that takes text or a number."""
    found = []
    for parameter in operation["parameters"]:
        if parameter["in"] in {"query", "path"}:
            for leaf in leaves(document, parameter["schema"]):
                found.append(Field(parameter["in"], (parameter["name"],), leaf[1], leaf[2]))
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        place = {"application/json": "body", "application/x-www-form-urlencoded": "form"}.get(kind)
        if place:
            found += [Field(place if leaf[0] else "raw", *leaf) for leaf in leaves(document, content["schema"])]
    return list(dict.fromkeys(found))


def leaves(document: Json, schema: Json, spot: Spot = ()) -> Iterator[tuple[Spot, bool, bool]]:
    """Where in a value of this schema there is text (true) or a number, and whether any will do."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from leaves(document, choice, spot)
    if len(spot) < 8:
        for name, part in schema.get("properties", {}).items():
            yield from leaves(document, part, (*spot, name))
        if isinstance(schema.get("additionalProperties"), dict):
            yield from leaves(document, schema["additionalProperties"], (*spot, "a name"))
        if isinstance(schema.get("items"), dict):
            yield from leaves(document, schema["items"], (*spot, 0))
    kinds = schema.get("type", ())
    if "string" in kinds and "const" not in schema:
        formed = schema.keys() & {"enum", "format", "contentEncoding"} or schema.get("pattern", ANY) != ANY
        yield spot, True, not formed
    if kinds and {"number", "integer"} & {kinds, *kinds}:
        yield spot, False, False


def placed(body: Json, spot: Spot, value: Json) -> Json:
    """The body with `value` at `spot`; what is on the way there is made."""
    if not spot:
        return value
    step, rest = spot[0], spot[1:]
    if step == 0:
        elements = body if isinstance(body, list) and body else [None]
        return [placed(elements[0], rest, value), *elements[1:]]
    members = body if isinstance(body, dict) else {}
    return {**members, step: placed(members.get(step), rest, value)}


def escaped(text: str) -> str:
    """As it stands in an address, as far as clients go along; half pairs as the bytes that they would be."""
    return quote(text[:MAX_ADDRESS].encode("utf-8", "surrogatepass"), safe="")
