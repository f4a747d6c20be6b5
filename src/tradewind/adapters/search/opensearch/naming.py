"""Which of several indexes counts: an alias for readers and writers, and indexes that are made aside and swapped in.

`products-<shop>-v<fields>` is the alias, `products-<shop>-v<fields>-<id>` are the indexes; a template gives each its
settings and fields. Two shops, and two versions of the fields, never meet.
"""

from typing import Any, Final

from opensearchpy import AsyncOpenSearch, NotFoundError

from tradewind.adapters.search import fields
from tradewind.adapters.search.opensearch.mapping import MAPPINGS, SETTINGS
from tradewind.kernel.ids import new_id

VERSION: Final = f"{fields.VERSION}.1"
"""Of the fields, theirs and ours. Whoever changes `mapping` raises what is behind the point."""


class Names:
    """The names of one shop's indexes."""

    def __init__(self, client: AsyncOpenSearch, shop: str) -> None:
        self._client = client
        self._every = f"products-{shop}-v*"
        self.alias = f"products-{shop}-v{VERSION}"

    async def begin(self) -> str:
        """A new index that nobody reads."""
        template: dict[str, Any] = {"settings": {"index": SETTINGS}, "mappings": MAPPINGS}
        body = {"index_patterns": [f"{self.alias}-*"], "template": template}
        await self._client.indices.put_index_template(name=self.alias, body=body)
        name = f"{self.alias}-{new_id().hex}"
        await self._client.indices.create(index=name)
        return name

    async def name(self, build: str) -> None:
        """Let everybody use this index, in one step; those before it, and those of other versions, are removed."""
        others = [name for name in await self._client.indices.get(index=self._every, expand_wildcards="open")
                  if name != build]  # fmt: skip
        gone = [{"remove_index": {"index": name}} for name in others]
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
