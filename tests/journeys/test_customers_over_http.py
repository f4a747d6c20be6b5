"""Customers as a client sees them: entity tags, problem documents, scopes."""

import json
import zipfile
from io import BytesIO

import pytest

from tests.journeys.reasons import ONE_PROCESS
from tests.markets import Market
from tradewind.contracts.identity import SCOPES

pytestmark = [pytest.mark.xdist_group("quiet"), pytest.mark.one_process_tree(ONE_PROCESS)]

ME = "/api/v1/customers/me"
REACHED = {"contactMethods": [{"kind": "EMAIL", "value": "ada@example.org"}]}
LONDON = {"country": "GB", "name": "Ada", "line1": "1 Main Street", "city": "London", "postalCode": "SW1A 1AA"}


async def test_a_change_says_which_version_it_is_for(quiet_market: Market) -> None:
    ada = quiet_market.somebody("customer")
    seen = await ada.get(ME)
    assert (seen.status_code, seen.json()["version"]) == (200, 0)
    blind = await ada.send("PATCH", ME, REACHED)
    assert (blind.status_code, blind.json()["type"]) == (428, "/problems/version-missing")
    first = await ada.send("PATCH", ME, REACHED, If_Match=seen.headers["etag"])
    assert (first.status_code, first.json()["version"]) == (200, 1)
    assert (await ada.get(ME)).headers["etag"] == first.headers["etag"]
    late = await ada.send("PATCH", ME, {"name": "Ada"}, If_Match=seen.headers["etag"])
    assert (late.status_code, late.json()["version"]) == (412, 1)
    assert (await ada.get(ME, If_None_Match=first.headers["etag"])).status_code == 304
    wish = {"preferredChannel": "EMAIL", "marketing": ["EMAIL"]}
    assert (await ada.send("PUT", f"{ME}/preferences", wish, If_Match='"0"')).json()["preferredChannel"] == "EMAIL"
    assert (await ada.send("PUT", f"{ME}/preferences", wish, If_Match='"0"')).status_code == 412


async def test_what_is_wrong_is_named_by_its_field(quiet_market: Market) -> None:
    ada = quiet_market.somebody("customer")
    body = {"contactMethods": [{"kind": "EMAIL", "value": "nowhere"}, {"kind": "PHONE", "value": "123"}]}
    refused = await ada.send("PATCH", ME, {**body, "timeZone": "Nowhere"}, If_Match="*")
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/invalid-profile")
    assert [error["pointer"] for error in refused.json()["errors"]] == [
        "/contactMethods/0/value", "/contactMethods/1/value", "/timeZone",
    ]  # fmt: skip
    missing = {name: text for name, text in LONDON.items() if name != "postalCode"}
    refused = await ada.post(f"{ME}/addresses", missing)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/invalid-address")
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/postalCode"]


async def test_an_address_is_kept_changed_and_taken_away(quiet_market: Market) -> None:
    ada = quiet_market.somebody("customer")
    made = await ada.post(f"{ME}/addresses", LONDON)
    assert made.status_code == 201
    path = made.headers["location"]
    assert path == f"{ME}/addresses/{made.json()['id']}"
    assert (await ada.get(path)).json() == made.json()
    tag = made.headers["etag"]
    moved = await ada.send("PUT", path, {**LONDON, "line1": "2 Main Street"}, If_Match=tag)
    assert (moved.json()["line1"], moved.json()["defaultBilling"]) == ("2 Main Street", True)
    assert (await ada.send("DELETE", path, If_Match=tag)).status_code == 412
    assert (await ada.send("DELETE", path)).status_code == 204
    assert (await ada.get(path)).status_code == 404
    assert (await ada.get(f"{ME}/addresses")).json() == {"items": []}


async def test_scopes_say_who_reads_and_who_writes(quiet_market: Market) -> None:
    keys = quiet_market.shop.keys
    ada = quiet_market.somebody("customer")
    for scope, reads, writes in (("customer:read", 200, 403), ("customer:write", 403, 200), ("order:read", 403, 403)):
        assert scope in SCOPES["customer"]
        ada.token = keys.sign(
            subject=ada.subject, roles=("customer",), scopes=(scope,), tenant="default", lifetime_s=60
        )
        assert (await ada.get(ME)).status_code == reads
        assert (await ada.send("PATCH", ME, REACHED, If_Match="*")).status_code == writes
    support, other = quiet_market.somebody("support"), quiet_market.somebody("customer")
    assert (await support.get(f"/api/v1/customers/{ada.subject}")).json()["contactMethods"][0][
        "value"
    ] == "ada@example.org"
    assert (await other.get(f"/api/v1/customers/{ada.subject}")).status_code == 404
    assert (await quiet_market.somebody("guest").get(ME)).status_code == 403
    assert (await quiet_market.nobody.get(ME)).status_code == 401


async def test_an_archive_is_a_zip_that_no_key_keeps(quiet_market: Market) -> None:
    ada = quiet_market.somebody("customer")
    await ada.send("PATCH", ME, {**REACHED, "name": "Ada"}, If_Match="*")
    packed = await ada.post(f"{ME}/export", Idempotency_Key="archive")
    assert (packed.status_code, packed.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(BytesIO(packed.content)) as archive:
        held = json.loads(archive.read("customers.json"))
    assert held["profile"]["name"] == "Ada"
    kept = await quiet_market.shop.db.pool.fetchval(
        "SELECT count(*) FROM runtime.idempotency WHERE subject = $1", ada.subject
    )
    assert kept == 0
    support = quiet_market.somebody("support")
    assert (await support.post(f"/api/v1/customers/{ada.subject}/export")).status_code == 200
