"""A vendor's feed goes onto the shelves: bad lines named and left out, twice without effect, cut off without harm."""

import codecs
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.importing.dumps import everything
from tests.shops import a_call
from tradewind.app.engines import Engines
from tradewind.app.importing.feeds import load as loading
from tradewind.app.importing.feeds.command import run_feed
from tradewind.app.importing.feeds.lines import MAX_RECORD_CHARACTERS, Csv, UnreadableFeed, read_text
from tradewind.app.importing.feeds.load import Outcome, load, open_feed
from tradewind.app.settings import Settings
from tradewind.app.wiring import Shop
from tradewind.contexts.catalog.manifest import ListProducts, UpdateProduct
from tradewind.contexts.pricing.manifest import SetPrice

HEADER = "sku,name,category,price,currency,stock,brand,attr:colour,attr:watt:number,attr:dims:boolean"
GOOD = f'''{HEADER}
LAMP-1,"Lamp, ""bright""",Light/Indoors,12.50,EUR,5,Lux,red,4.5,yes
LAMP-2,"Lamp
of two lines" ,Light/Indoors,13,EUR,,Lux,,,
TORCH,Torch,Light,9.99,EUR,7,,blue,1,no
'''.replace('"Lamp\nof two lines" ', '"Lamp, and more"')
STATE = """
    SELECT p.sku, p.name, p.category, p.brand, p.attributes::text, p.price_minor, p.version, s.on_hand,
        (SELECT count(*) FROM pricing.product_price_history AS h WHERE h.sku = p.sku)
    FROM catalog.products AS p LEFT JOIN inventory.inventory_stock AS s ON s.sku = p.sku ORDER BY p.sku
"""


class CutOff(Exception):  # noqa: N818 -- what happened
    """The import stops here."""


def quiet(_stage: str, _done: int, _total: int) -> None:
    """Say nothing."""


def written(folder: Path, text: str | bytes, name: str = "vendor.csv") -> Path:
    """A file that holds `text`."""
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


async def take_in(shop: Shop, file: Path, *, dry_run: bool = False) -> Outcome:
    return await load(shop, open_feed(file), quiet, dry_run=dry_run)


def counts(found: Outcome) -> tuple[int, int, int, int, int]:
    assert found.rows == found.created + found.updated + found.unchanged + len(found.failed)
    return found.rows, found.created, found.updated, found.unchanged, len(found.failed)


async def state(shop: Shop) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await shop.db.pool.fetch(STATE)]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"name,price\n", "missing: sku, category, currency"),
        (HEADER.replace("brand", "colour").encode(), "columns colour"),
        ((HEADER + ",sku").encode(), "a column twice"),
        (GOOD.encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04", "spreadsheet"),
        (b'"sku,name\n', "a quote is opened"),
    ],
)
async def test_a_file_that_is_no_feed_is_refused_as_a_whole(
    shop: Shop, tmp_path: Path, content: bytes, why: str
) -> None:
    before = await everything(shop)
    with pytest.raises(UnreadableFeed, match=why):
        await take_in(shop, written(tmp_path, content))
    assert await everything(shop) == before


BAD_LINES = [
    (b",No SKU,Light,1,EUR,,,,,", "sku:"),
    (b"OK-1,,Light,1,EUR,,,,,", "name:"),
    (b"OK-2,Name,,1,EUR,,,,,", "category:"),
    (b"OK-3,Name,a//b,1,EUR,,,,,", "category:"),
    (b'OK-4,Name,Light,"1,50",EUR,,,,,', "price: expected a decimal number with a point"),
    (b"OK-5,Name,Light,-1,EUR,,,,,", "price/amount:"),
    (b"OK-6,Name,Light,1.005,EUR,,,,,", "price/amount:"),
    (b"OK-7,Name,Light,1,euro,,,,,", "price/currency:"),
    (b"OK-8,Name,Light,1,EUR,-3,,,,", "stock:"),
    (b"OK-9,Name,Light,1,EUR,1e3,,,,", "stock:"),
    (b"OK-10,Name,Light,1,EUR,,,,bright,", "attr:watt:number: expected a number"),
    (b"OK-11,Name,Light,1,EUR,,,,nan,", "attributes/watt:"),
    (b"OK-12,Name,Light,1,EUR,,,,,perhaps", "attr:dims:boolean: expected true or false"),
    (b"OK-13,Name,Light,1,EUR", "5 fields instead of 10"),
    (b"OK-14,Name,Light,1,EUR,,,,,,,", "12 fields instead of 10"),
    (b"OK-15,N\xe4me,Light,1,EUR,,,,,", "not UTF-8"),
    (b"OK-16,Na\x00me,Light,1,EUR,,,,,", "name:"),
    (b'OK-17,"Name,Light,1,EUR,,,,,', "a quote is opened and not closed"),
    (b'OK-18,"Na"me,Light,1,EUR,,,,,', "no CSV"),
    (b"OK-19," + b"x" * MAX_RECORD_CHARACTERS + b",Light,1,EUR,,,,,", "more than 65536 characters"),
    (b"OK-20," + b"x" * 300 + b",Light,1,EUR,,,,,", "name:"),
    (b"LAMP-1,Again,Light,1,EUR,,,,,", "sku: line 2 has LAMP-1 already"),
]


async def test_each_bad_line_is_named_and_the_rest_is_taken_in(shop: Shop, tmp_path: Path) -> None:
    first, *others = GOOD.encode().splitlines()[1:]
    bad = [line for line, _ in BAD_LINES]
    content = b"\n".join([HEADER.encode(), first, *bad, *others])
    found = await take_in(shop, written(tmp_path, content))
    assert [(one.line, one.error) for one in found.failed if why_of(one.line) not in one.error] == []
    assert [one.line for one in found.failed] == list(range(3, 3 + len(BAD_LINES)))
    assert counts(found) == (3 + len(BAD_LINES), 3, 0, 0, len(BAD_LINES))
    assert [row[0] for row in await state(shop)] == ["LAMP-1", "LAMP-2", "TORCH"]


def why_of(line: int) -> str:
    return BAD_LINES[line - 3][1]


async def test_a_feed_becomes_products_prices_stock_and_categories(shop: Shop, tmp_path: Path) -> None:
    found = await take_in(shop, written(tmp_path, GOOD))
    assert counts(found) == (3, 3, 0, 0, 0)
    assert await state(shop) == [
        ("LAMP-1", 'Lamp, "bright"', "Indoors", "Lux", '{"dims": true, "watt": 4.5, "colour": "red"}', 1250, 1, 5, 1),
        ("LAMP-2", "Lamp, and more", "Indoors", "Lux", "{}", 1300, 1, None, 1),
        ("TORCH", "Torch", "Light", "", '{"dims": false, "watt": 1.0, "colour": "blue"}', 999, 1, 7, 1),
    ]
    below = await shop.dispatch(ListProducts(category="light"), a_call("anonymous"))
    assert sorted((one.sku, one.category_path) for one in below.items) == [
        ("LAMP-1", ("light", "indoors")), ("LAMP-2", ("light", "indoors")), ("TORCH", ("light",)),
    ]  # fmt: skip
    told = await shop.db.pool.fetch("SELECT type, count(*) AS n FROM runtime.outbox GROUP BY 1 ORDER BY 1")
    assert [(row["type"].split(".", 2)[2], row["n"]) for row in told] == [
        ("stock.adjusted.v1", 2), ("price.changed.v1", 3), ("category.created.v1", 2), ("product.created.v1", 3),
    ]  # fmt: skip
    audited = await shop.db.pool.fetchrow("SELECT actor, action, subject FROM runtime.audit_entry")
    assert tuple(audited) == ("import:vendor", "catalog.import_products", "vendor")


async def test_the_same_feed_again_changes_nothing(shop: Shop, tmp_path: Path) -> None:
    file = written(tmp_path, GOOD)
    await take_in(shop, file)
    before = await everything(shop)
    assert counts(await take_in(shop, file)) == (3, 0, 0, 3, 0)
    assert await everything(shop) == before


async def test_another_feed_changes_what_it_says_otherwise_and_nothing_else(shop: Shop, tmp_path: Path) -> None:
    await take_in(shop, written(tmp_path, GOOD))
    before = await state(shop)
    text = GOOD.replace("Torch,Light,9.99", "Torch,Light,8.88").replace("12.50,EUR,5,Lux", "12.50,EUR,99,Luxor")
    file = written(tmp_path, text)
    dry = await take_in(shop, file, dry_run=True)
    assert (counts(dry), await state(shop)) == ((3, 0, 2, 1, 0), before)
    assert counts(await take_in(shop, file)) == (3, 0, 2, 1, 0)
    lamp, other, torch = await state(shop)
    assert (lamp[3], lamp[6], lamp[7], lamp[8]) == ("Luxor", 2, 5, 1)
    assert (other, torch[6:]) == (before[1], (1, 7, 2))


async def test_a_dry_run_writes_nothing(shop: Shop, tmp_path: Path) -> None:
    before = await everything(shop)
    assert counts(await take_in(shop, written(tmp_path, GOOD + "x\n"), dry_run=True)) == (4, 3, 0, 0, 1)
    assert await everything(shop) == before


async def test_a_feed_cut_off_and_run_again_ends_like_one_that_was_not(
    shop: Shop, other_shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "AT_ONCE", 2)
    file = written(
        tmp_path, HEADER + "".join(f"\nT-{n},Torch {n},Light/{n % 3},{n}.5,EUR,{n},,,," for n in range(1, 12))
    )

    def cut(_stage: str, done: int, _total: int) -> None:
        if done >= 4:
            raise CutOff

    with pytest.raises(CutOff):
        await load(shop, open_feed(file), cut)
    assert len(await state(shop)) == 4
    assert counts(await take_in(shop, file)) == (11, 7, 0, 4, 0)
    assert counts(await take_in(other_shop, file)) == (11, 11, 0, 0, 0)
    assert await state(shop) == await state(other_shop)


async def test_json_lines_say_the_same(shop: Shop, other_shop: Shop, tmp_path: Path) -> None:
    lamp = {"sku": "LAMP-1", "name": 'Lamp, "bright"', "category": "Light/Indoors", "price": 12.50, "currency": "EUR"}
    lamp |= {"stock": 5, "brand": "Lux", "attributes": {"colour": "red", "watt": 4.5, "dims": True}}
    lines = [json.dumps(lamp), "{", "[]", '{"sku": 7}', '{"sku":"X","colour":"red"}', "", '{"attributes": [1]}']
    found = await take_in(shop, written(tmp_path, "\n".join(lines), "vendor.jsonl"))
    assert [one.line for one in found.failed] == [2, 3, 4, 5, 7]
    await take_in(other_shop, written(tmp_path, "\n".join(GOOD.splitlines()[:2])))
    assert await state(shop) == await state(other_shop)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters_line_ends_and_a_byte_order_mark_are_understood(
    tmp_path: Path, delimiter: str, line_end: str
) -> None:
    text = line_end.join([delimiter.join(["sku", "name"]), "", delimiter.join(["A", '"x\u2028 ""y"" \u0085z"']), ""])
    table = Csv(read_text(written(tmp_path, codecs.BOM_UTF8 + text.encode())), ["sku"])
    assert [(one.number, dict(one.fields)) for one in table.lines()] == [
        (3, {"sku": "A", "name": 'x\u2028 "y" \u0085z'}),
    ]  # fmt: skip


def test_a_quoted_field_may_hold_line_ends(tmp_path: Path) -> None:
    table = Csv(read_text(written(tmp_path, 'sku,name\nA,"one\n""two"""\nB,"open\nC,three\n')), ["sku"])
    assert [(one.number, dict(one.fields), one.error) for one in table.lines()] == [
        (2, {"sku": "A", "name": 'one\n"two"'}, ""),
        (4, {}, "a quote is opened and not closed"),
        (5, {"sku": "C", "name": "three"}, ""),
    ]


async def test_what_the_shop_decides_is_left_alone(shop: Shop, tmp_path: Path) -> None:
    file = written(tmp_path, GOOD)
    await take_in(shop, file)
    torch = (await shop.dispatch(ListProducts(sku="TORCH"), a_call("admin"))).items[0]
    await shop.dispatch(UpdateProduct(product_id=torch.id, status=type(torch.status).DRAFT), a_call("admin"))
    await shop.dispatch(
        SetPrice(product_id=torch.id, amount=Decimal("5.00"), currency="EUR", reason="sale"), a_call("admin")
    )
    assert counts(await take_in(shop, file)) == (3, 0, 1, 2, 0), "a vendor's feed decides the price"
    (status,) = await shop.db.pool.fetchrow("SELECT status FROM catalog.products WHERE sku = 'TORCH'")
    assert status == "DRAFT"


def test_the_command_prints_one_json_document_and_names_the_lines(
    settings: Settings, own_engines: Engines, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = replace(settings, database_url=own_engines.database_url, provider_url=own_engines.provider_url)
    file = written(tmp_path, GOOD + "A,B\n")
    assert run_feed(there, "feed", file, dry_run=True, json=True) == 0
    heard = capsys.readouterr()
    printed = json.loads(heard.out)
    assert set(printed) == {"rows", "created", "updated", "unchanged", "failed", "seconds"}
    assert printed["failed"] == [{"line": 5, "error": "2 fields instead of 10"}]
    assert "line 5: 2 fields instead of 10" in heard.err
    assert run_feed(there, "feed", file, dry_run=False, json=False) == 0
    assert "4 rows: 3 created, 0 updated, 0 unchanged, 1 failed" in " ".join(capsys.readouterr().out.split())
    assert run_feed(there, "feed", written(tmp_path, "x"), dry_run=False, json=True) == 1


def test_the_command_says_which_setting_is_wrong(
    settings: Settings, own_engines: Engines, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = {"database_url": own_engines.database_url, "provider_url": own_engines.provider_url}
    stock = replace(settings, contexts=("stock",), **named)  # type: ignore[arg-type]  # each is a text
    assert run_feed(stock, "feed", written(tmp_path, GOOD), dry_run=True, json=True) == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["error"].startswith("There is no context named stock")
    assert "There is no context named stock" in said.err
