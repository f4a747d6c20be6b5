"""Which of several indexes counts: an alias for readers and writers, and indexes that are made aside and swapped in.

`<kind>-<shop>-v<fields>` is the alias, `<kind>-<shop>-v<fields>-<id>` are the indexes; a template gives each its
settings and fields. Two shops, and two versions of the fields, never meet.
"""

from collections.abc import Mapping
from typing import Any, Final

from opensearchpy import AsyncOpenSearch, NotFoundError

from tradewind.kernel.ids import new_id

BULK: Final = 500
"""Documents that are put at once."""
DONE: Final = frozenset({200, 201, 404, 409})
"""Put; gone, or not there anyway; something newer is there."""


class Names:
    """The names of one shop's indexes of one kind, whose fields have a `version`."""

    def __init__(
        self,
        client: AsyncOpenSearch,
        kind: str,
        shop: str,
        version: str,
        settings: Mapping[str, Any],
        mappings: Mapping[str, Any],
    ) -> None:
        self._client = client
        self._template = {"settings": {"index": settings}, "mappings": mappings}
        self._every = f"{kind}-{shop}-v*"
        self.alias = f"{kind}-{shop}-v{version}"

    async def begin(self) -> str:
        """A new index that nobody reads."""
        body = {"index_patterns": [f"{self.alias}-*"], "template": self._template}
        await self._client.indices.put_index_template(name=self.alias, body=body)
        name = f"{self.alias}-{new_id().hex}"
        await self._client.indices.create(index=name)
        return name

    async def named(self) -> str | None:
        """The index that everybody uses; None where there is none."""
        try:
            found = await self._client.indices.get_alias(name=self.alias)
        except NotFoundError:
            return None
        return next(iter(found), None)

    async def name(self, build: str) -> None:
        """Let everybody use this index, in one step; those before it are removed, and all other versions but one.

        The one that was built last stays: the release that knows its fields may still run beside this one.
        """
        there = await self._client.indices.get(index=self._every, expand_wildcards="open")
        others = sorted((name for name in there if _version(name) != self.alias), key=_id)
        stays = _version(others[-1]) if others else ""
        gone = [{"remove_index": {"index": name}} for name in there if name != build and _version(name) != stays]
        await self._client.indices.update_aliases(
            body={"actions": [{"add": {"index": build, "alias": self.alias}}, *gone]}
        )

    async def forget_unless_named(self, build: str) -> None:
        """Remove an index that was not finished."""
        try:
            named = await self._client.indices.get_alias(index=build)
        except NotFoundError:
            return
        if not named[build]["aliases"]:
            await self._client.indices.delete(index=build)

    async def write(self, index: str, lines: list[bytes]) -> bool:
        """Whether all these lines of the bulk format, each with its document, are done or need not be.

        By the alias nothing is written where there is no index.
        """
        named = {"require_alias": "true"} if index == self.alias else {}
        for begin in range(0, len(lines), BULK):
            body = b"".join(lines[begin : begin + BULK]).decode()
            said = await self._client.bulk(body=body, index=index, params=named)
            if any(one["status"] not in DONE or "index_not_found" in str(one.get("error"))
                   for item in said["items"] for one in item.values()):  # fmt: skip
                return False
        return True


def _version(name: str) -> str:
    """The alias of an index's version."""
    return name.rpartition("-")[0]


def _id(name: str) -> str:
    """An index's own part of its name, which sorts by when it was made."""
    return name.rpartition("-")[2]
