"""Makes the JSON Schema (2020-12) of every event and of the envelope from their classes.

`python -m tools.schemas [--check]`. It never overwrites a published schema with one that is not additive; it says to
make a new type.
"""

import argparse
import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import NODEFAULT, UNSET, inspect

from tradewind.contracts.envelope import EVENTS, Envelope
from tradewind.contracts.evolution import NotAdditive, Schema, refuse

REPOSITORY: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = REPOSITORY / "src" / "tradewind" / "contracts" / "jsonschema"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
ID: Final = "https://tradewind.example/contracts/{name}.json"
"""What a schema is called, wherever it is kept; `.example` is nobody's (RFC 2606), so nothing is fetched from there."""


def schemas() -> dict[str, Schema]:
    """File name to schema, for every event type and the envelope."""
    made = {f"{wire_type}.json": _document(wire_type, event) for wire_type, event in sorted(EVENTS.items())}
    envelope = _document("envelope", Envelope)
    envelope["required"] = list(envelope["properties"])  # the outbox writes every field, also those that have defaults
    return {"envelope.json": envelope, **made}


def _document(name: str, kind: type) -> Schema:
    return {"$schema": DIALECT, "$id": ID.format(name=name), **of(inspect.type_info(kind))}


def of(kind: inspect.Type) -> Schema:
    """The schema of a type as it goes over the wire. Money is an exact number: read it as a decimal, not as a float."""
    match kind:
        case inspect.Metadata(type=inner, extra_json_schema=extra):
            return of(inner) | (extra or {})
        case inspect.StructType():
            return _object(kind)
        case inspect.UnionType(types=types):
            return {"anyOf": [of(one) for one in types]}
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            return {"type": "array", "items": of(item)}
        case inspect.DictType(value_type=value):
            return {"type": "object", "additionalProperties": of(value)}
        case inspect.StrType(pattern=pattern):
            return {"type": "string"} | ({"pattern": pattern} if pattern else {})
        case inspect.EnumType(cls=cls):
            return {"enum": sorted(member.value for member in cls)}
        case inspect.LiteralType(values=values):
            return {"enum": sorted(values)}
        case _:
            return dict(_PLAIN[type(kind)])


_PLAIN: Final[dict[type[inspect.Type], Schema]] = {
    inspect.BoolType: {"type": "boolean"},
    inspect.IntType: {"type": "integer"},
    inspect.FloatType: {"type": "number"},
    inspect.DecimalType: {"type": "number"},
    inspect.UUIDType: {"type": "string", "format": "uuid"},
    inspect.DateTimeType: {"type": "string", "format": "date-time"},
    inspect.NoneType: {"type": "null"},
    inspect.AnyType: {},
}


def _object(kind: inspect.StructType) -> Schema:
    return {
        "title": kind.cls.__name__,
        "description": " ".join((kind.cls.__doc__ or "").split()),
        "type": "object",
        "properties": {field.encode_name: _field(field) for field in kind.fields},
        "required": [field.encode_name for field in kind.fields if field.required],
    }


def _field(field: inspect.Field) -> Schema:
    default: Any = field.default
    default = list(default) if isinstance(default, tuple) else default
    return of(field.type) | ({} if default in (NODEFAULT, UNSET) else {"default": default})


def text(schema: Schema) -> str:
    """The schema as its file holds it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def committed(folder: Path = FOLDER) -> dict[str, Schema]:
    """The schemas that `folder` holds."""
    return {path.name: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def published(repository: Path = REPOSITORY, folder: Path = FOLDER) -> Iterator[tuple[str, dict[str, Schema]]]:
    """(commit, schemas) for each commit that touched `folder`; none where there is no history."""
    where = folder.relative_to(repository).as_posix()
    for commit in _git(repository, "log", "--format=%H", "--", where).decode().split():
        if packed := _git(repository, "archive", commit, where):
            with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
                files = [(Path(one.name).name, archive.extractfile(one)) for one in archive if one.isfile()]
                yield commit, {name: json.load(file) for name, file in files if file}


def _git(repository: Path, *arguments: str) -> bytes:
    try:
        ran = subprocess.run(["git", *arguments], cwd=repository, capture_output=True, check=False)
    except FileNotFoundError:
        return b""
    return ran.stdout if ran.returncode == 0 else b""


def write(folder: Path = FOLDER) -> list[str]:
    """Bring `folder` up to date; the names of what changed. Refuses (NotAdditive), and then writes nothing."""
    before, now = committed(folder), schemas()
    refuse(before, now)
    changed = [name for name, schema in now.items() if before.get(name) != schema]
    folder.mkdir(exist_ok=True)
    for name in changed:
        (folder / name).write_text(text(now[name]))
    return changed


def main(arguments: Sequence[str] | None = None, folder: Path = FOLDER) -> int:
    """Write the schemas, or with --check only say which are not what the classes give; exit code 1 then."""
    parser = argparse.ArgumentParser(prog="make schemas", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    if parser.parse_args(arguments).check:
        before, now = committed(folder), schemas()
        stale = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
        print("\n".join(f"{name} is not what its class gives; run: make schemas" for name in stale))
        return 1 if stale else 0
    try:
        changed = write(folder)
    except NotAdditive as refused:
        print(refused, file=sys.stderr)
        return 1
    print("\n".join(f"wrote {name}" for name in changed) or "Every schema is up to date.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
