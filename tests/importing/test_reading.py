"""A file is read whole or not at all, and every broken line is named."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.importing.week import HEADER, WEEK, written
from tradewind.app.importing import reading
from tradewind.app.importing.reading import Unreadable, read

SOUND = "600001,10001,LAMP,6,1/3/11 8:26,2.50,501,United Kingdom"


def errors_of(folder: Path, text: str) -> list[dict[str, object]]:
    with pytest.raises(Unreadable) as refused:
        read(written(folder, text))
    errors: list[dict[str, object]] = refused.value.facts["errors"]
    return errors


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("600001,10001,LAMP,6,1/3/11 8:26,2.50,501", "expected 8 fields, found 7"),
        ("6000O1,10001,LAMP,6,1/3/11 8:26,2.50,501,France", "InvoiceNo '6000O1'"),
        ("600001,,LAMP,6,1/3/11 8:26,2.50,501,France", "StockCode ''"),
        ("600001,10001 X,LAMP,6,1/3/11 8:26,2.50,501,France", "StockCode '10001 X'"),
        ("600001,10001,LAMP,6.5,1/3/11 8:26,2.50,501,France", "Quantity '6.5'"),
        ("600001,10001,LAMP,9000000,1/3/11 8:26,2.50,501,France", "Quantity '9000000'"),
        ("600001,10001,LAMP,6,31/12/10 8:26,2.50,501,France", "InvoiceDate '31/12/10 8:26'"),
        ("600001,10001,LAMP,6,1/3/68 8:26,2.50,501,France", "InvoiceDate '1/3/68 8:26'"),
        ("600001,10001,LAMP,6,1/3/11 8:26,2.505,501,France", "UnitPrice '2.505'"),
        ("600001,10001,LAMP,6,1/3/11 8:26,NaN,501,France", "UnitPrice 'NaN'"),
        ("600001,10001,LAMP,6,1/3/11 8:26,2.50,5x1,France", "CustomerID '5x1'"),
        ("600001,10001,LAMP,6,1/3/11 8:26,2.50,501,Atlantis", "Country 'Atlantis'"),
        ("600001,10001,LAMP,6,1/3/11 8:26,2.50,502,United Kingdom", "another customer or country on line 2"),
    ],
)
def test_a_broken_line_is_named_by_its_number(broken: str, said: str, tmp_path: Path) -> None:
    errors = errors_of(tmp_path, f"{HEADER}\n{SOUND}\n{broken}\n{SOUND}\n")
    assert [error["line"] for error in errors] == [3]
    assert said in str(errors[0]["detail"])


def test_every_broken_line_is_reported_at_once(tmp_path: Path) -> None:
    errors = errors_of(tmp_path, f'{HEADER}\nx,10001,"two\nlines",6,1/3/11 8:26,y,501,France\n{SOUND}\nshort\n')
    assert [error["line"] for error in errors] == [2, 2, 5]


def test_what_is_no_such_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert errors_of(tmp_path, "")[0]["line"] == 1
    assert "header" in str(errors_of(tmp_path, f"a,b\n{SOUND}\n")[0]["detail"])
    assert "no line" in str(errors_of(tmp_path, f"{HEADER}\n")[0]["detail"])
    assert errors_of(tmp_path, f'{HEADER}\n{SOUND}\n600001,"10001\n')[0]["line"] == 3
    monkeypatch.setattr(reading, "MAX_BYTES", 10)
    assert "more than 10 bytes" in str(errors_of(tmp_path, WEEK)[0]["detail"])


def test_bytes_that_are_no_utf_8_are_found_on_their_line(tmp_path: Path) -> None:
    file = tmp_path / "latin.csv"
    file.write_bytes(f"{HEADER}\n{SOUND}\n".encode() + "600001,10001,CAFÉ".encode("latin-1"))
    with pytest.raises(Unreadable) as refused:
        read(file)
    assert refused.value.facts["errors"] == [{"line": 3, "detail": "this is not UTF-8"}]


def test_quotes_commas_spaces_and_small_letters_are_understood(tmp_path: Path) -> None:
    rows = read(written(tmp_path, "\ufeff" + WEEK.replace("\n", "\r\n")))
    assert len(rows) == 33
    assert (rows[0].line, rows[0].description, rows[0].price_minor) == (2, 'LAMP, "BRASS"', 250)
    assert rows[0].at == datetime(2011, 1, 3, 8, 26, tzinfo=UTC)
    assert rows[1].code == "10002A"
