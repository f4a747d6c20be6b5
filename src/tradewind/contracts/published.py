"""The JSON Schemas that this release publishes: one a wire type and one of the envelope, as they are committed."""

import json
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from tradewind.contracts.evolution import Schema

FOLDER: Final = "jsonschema"
SUFFIX: Final = ".json"


@cache
def published() -> MappingProxyType[str, Schema]:
    """By wire type, and `envelope`; read once in a process."""
    found = sorted(files("tradewind.contracts").joinpath(FOLDER).iterdir(), key=lambda one: one.name)
    return MappingProxyType(
        {one.name.removesuffix(SUFFIX): json.loads(one.read_text()) for one in found if one.name.endswith(SUFFIX)}
    )
