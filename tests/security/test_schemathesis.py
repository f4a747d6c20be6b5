"""The whole OpenAPI document against the running edge: no 5xx, and every answer is what the document says."""

import asyncio
import json
import os
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from tests.markets import Market

pytestmark = pytest.mark.xdist_group("security")

SEED: Final = int(os.environ.get("TRADEWIND_SCHEMATHESIS_SEED", "20261121"))
STREAMS: Final = "^/sse/"
"""Answers that never end are looked at by tests of their own (api/rest/test_streams.py)."""
EXAMPLES: Final = os.environ.get("TRADEWIND_SCHEMATHESIS_EXAMPLES", "8")
CHECKS: Final = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,negative_data_rejection,unsupported_method"
)


async def run(market: Market, config: Path, *options: str) -> str:
    """What schemathesis says about the market's edge, asked by an admin; fails unless it is content."""
    running = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config), "--no-color",
        "run", f"{market.urls[0]}/openapi.json", "--header", f"Authorization: Bearer {market.admin.token}",
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
    said = await run(quiet_market, config)
    assert f"Tested: {sum(len(methods) for methods in operations.values())}" in said
    assert "request failed" not in quiet_market.logs()


async def test_every_route_answers_as_the_document_says_about_things_that_exist(market: Market, tmp_path: Path) -> None:
    buyer, admin, sku = market.somebody(), market.admin, await market.goods(stock=1_000)
    order = (await buyer.order(sku)).json()
    await market.comes_to(buyer, order["id"], "PAID")
    shipment = (await admin.get(f"/api/v1/orders/{order['id']}/shipment")).json()
    config = tmp_path / "schemathesis.toml"
    config.write_text(
        "[parameters]\n"
        f'"path.order_id" = "{order["id"]}"\n'
        f'"path.product_id" = "{order["items"][0]["productId"]}"\n'
        f'"path.shipment_id" = "{shipment["id"]}"\n'
        f'"path.sku" = "{sku}"\n'
    )
    before = reached(market)
    await run(market, config, "--include-path-regex", r"\{")
    assert "request failed" not in market.logs()
    fresh = reached(market) - before
    print("reached:", *sorted(fresh))
    assert fresh.keys() >= {"GetOrder", "GetPayment", "GetShipment", "AdjustStock", "DeliverShipment"}


def reached(market: Market) -> Counter[str]:
    """How often each command was carried out."""
    lines = (json.loads(line) for line in market.logs().splitlines() if '"outcome": "done"' in line)
    return Counter(line["command"] for line in lines)
