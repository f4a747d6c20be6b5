"""What OpenSearch may do to us: be away, lose its index, be told things late."""

from pathlib import Path
from typing import Any

import pytest

from tests.adapters.search.conftest import a_document, names, of, shop_of
from tradewind.adapters.search.opensearch.index import product_index
from tradewind.app.free_ports import free_port
from tradewind.ports.search import ProductIndex, Question, SearchAway

HOST = "127.0.0.1"
REAL = pytest.mark.parametrize(
    "adapter", [pytest.param("opensearch", marks=pytest.mark.engine("opensearch"))], indirect=True
)


async def test_an_engine_that_is_away_refuses_and_what_was_to_be_put_is_noted(tmp_path: Path) -> None:
    nowhere = f"http://{HOST}:{free_port(HOST)}"
    async with product_index(nowhere, "shop", tmp_path, tmp_path / "synonyms.txt") as index:
        for asked in (index.search(Question(text="lamp")), index.suggest("la", 3), index.holds()):
            with pytest.raises(SearchAway):
                await asked
        with pytest.raises(SearchAway):
            await index.put([a_document("Lamp")])
    assert [file.name for file in tmp_path.iterdir()] == ["opensearch-is-stale"]


@REAL
async def test_an_index_that_was_deleted_over_there_says_so_and_is_whole_after_a_rebuild(
    adapter: Any, index: ProductIndex, home: Path
) -> None:
    await index.rebuild(of([a_document("Lamp"), a_document("Lantern")]))
    assert await index.holds() == 2
    client: Any = index._client  # type: ignore[attr-defined]  # as an operator would, from outside
    for name in await client.indices.get(index=f"products-{shop_of(home)}-v*"):
        await client.indices.delete(index=name)
    assert await index.holds() is None
    for asked in (index.search(Question(text="lamp")), index.put([a_document("Torch")])):
        with pytest.raises(SearchAway):
            await asked
    await index.rebuild(of([a_document("Lamp"), a_document("Torch")]))
    assert (await index.holds(), sorted(await names(index))) == (2, ["Lamp", "Torch"])
