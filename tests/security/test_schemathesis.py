"""The whole OpenAPI document against the running edge: no 5xx, and every answer is what the document says."""

import asyncio
import json
import os
import re
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from tests.ai_provider import scripted_ai
from tests.markets import Market, run_part
from tests.security.owners import Owner, an_image, of_merchants, registered
from tradewind.kernel.ids import new_id

pytestmark = pytest.mark.xdist_group("security")

SEED: Final = int(os.environ.get("TRADEWIND_SCHEMATHESIS_SEED", "20261121"))
STREAMS: Final = "^/sse/"
"""Answers that never end are looked at by tests of their own (api/rest/test_streams.py)."""
LOSSES: Final = r"/shipments/\{shipment_id\}/(lost|replace|returned-to-sender|split|unpack)$"
"""What undoes a delivery: where there is one shipment to try everything on, none would ever arrive."""
EXAMPLES: Final = os.environ.get("TRADEWIND_SCHEMATHESIS_EXAMPLES", "8")
ASKED: Final = 10_000
"""So often the shopping assistant has something to say."""
REACHED: Final = frozenset({
    "GetOrder", "GetPayment", "GetShipment", "AdjustStock", "DeliverShipment", "GetCart", "AddLine", "ChangeLine",
    "GetPromotion", "MakeCoupons", "GetPriceBook", "EnterPrices", "GetFlashSale", "GetReview",
    "UpdateProduct", "UpdateCategory", "ArrangeImage", "SetRoles", "SetGroups",
})  # fmt: skip
"""Some of what is carried out about things that exist."""
CHECKS: Final = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,negative_data_rejection,unsupported_method"
)


async def run(market: Market, url: str, config: Path, *options: str) -> str:
    """What schemathesis says about an edge of the market, asked by an admin; fails unless it is content."""
    running = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config), "--no-color",
        "run", f"{url}/openapi.json", "--header", f"Authorization: Bearer {market.admin.token}",
        "--seed", str(SEED), "--max-examples", EXAMPLES, "--checks", CHECKS, "--phases", "examples,coverage,fuzzing",
        "--exclude-path-regex", STREAMS,
        "--warnings", "off", "--generation-database", "none", "--request-timeout", "10", *options,
        cwd=config.parent, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said = (await running.communicate())[0].decode()
    print(f"schemathesis, seed {SEED}:", *said.splitlines()[-25:], sep="\n")
    assert running.returncode == 0, said
    return said


async def test_every_route_answers_as_the_document_says(quiet_market: Market, tmp_path: Path) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text("")
    paths = (await quiet_market.nobody.get("/openapi.json")).json()["paths"]
    operations = {path: methods for path, methods in paths.items() if not re.search(STREAMS, path)}
    async with scripted_ai() as ai:
        ai.replies.extend([{"role": "assistant", "content": "Yes."}] * ASKED)
        talkative = replace(quiet_market, environment={**quiet_market.environment, "TRADEWIND_AI_URL": ai.url})
        async with run_part(talkative, "edge") as url:
            said = await run(quiet_market, url, config)
        assert ai.heard
    assert f"Tested: {sum(len(methods) for methods in operations.values())}" in said
    assert "request failed" not in quiet_market.logs()


async def test_every_route_answers_as_the_document_says_about_things_that_exist(market: Market, tmp_path: Path) -> None:
    buyer, admin, sku = market.somebody(), market.admin, await market.goods(stock=1_000)
    order = (await buyer.order(sku)).json()
    await market.comes_to(buyer, order["id"], "PAID")
    shipment = (await admin.get(f"/api/v1/orders/{order['id']}/shipment")).json()
    owner = await Owner.of(market, await registered(market), await market.goods(stock=1_000))
    ids = {**owner.ids, **await of_merchants(market), "image_id": await an_image(market, owner)}
    ids |= {"order_id": order["id"], "shipment_id": shipment["id"], "user_id": await a_clerk(market)}
    config = tmp_path / "schemathesis.toml"
    config.write_text("\n".join(["[parameters]", *(f'"path.{name}" = "{value}"' for name, value in ids.items())]))
    before = reached(market)
    only = ("--include-path-regex", r"\{", "--exclude-path-regex", LOSSES)
    await run(market, market.urls[0], config, *only)
    assert "request failed" not in market.logs()
    fresh = reached(market) - before
    print("reached:", *sorted(fresh))
    assert fresh.keys() >= REACHED


async def a_clerk(market: Market) -> str:
    """Somebody whom an administrator may decide about."""
    invited = {"email": f"{new_id()}@shop.test", "roles": ["support"]}
    answer = await market.admin.post("/api/v1/users", invited)
    return str(answer.json()["id"])


def reached(market: Market) -> Counter[str]:
    """How often each command was carried out."""
    lines = (json.loads(line) for line in market.logs().splitlines() if '"outcome": "done"' in line)
    return Counter(line["command"] for line in lines)
