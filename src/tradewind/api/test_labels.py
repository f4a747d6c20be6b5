"""What is on a label, and that the same label is the same bytes."""

import re

import pytest

from tradewind.api.labels import MAX_LINES, MAX_SIGNS, Label, drawn, of_address

LABEL = Label(title="Parcel 1 of 2", sender=("The shop",), recipient=("Ada", "London"), code="TW-0123456789")


def texts(pdf: bytes) -> list[str]:
    """What a page says, in its order."""
    found = re.findall(rb"\(((?:[^()\\]|\\.)*)\) Tj", pdf)
    return [re.sub(rb"\\([0-7]{3})", lambda m: bytes([int(m[1], 8)]), one).decode("cp1252") for one in found]


def test_a_label_says_from_whom_to_whom_and_which_in_the_same_bytes_each_time() -> None:
    pdf = drawn(LABEL)
    assert pdf.startswith(b"%PDF-")
    assert texts(pdf) == ["Parcel 1 of 2", "The shop", "Ada", "London", "TW-0123456789"]
    assert drawn(LABEL) == pdf


@pytest.mark.parametrize(
    ("given", "seen"),
    [("Prinzenstraße 7", "Prinzenstraße 7"), ("Łódź", "Lódz"), ("Ünal", "Ünal"), ("Αθήνα", "Athina"), ("a\x00b", "ab")],
)
def test_names_are_set_in_latin_letters(given: str, seen: str) -> None:
    one = Label(title="t", sender=(), recipient=(given,), code="A")
    assert texts(drawn(one))[1] == seen


def test_what_has_no_room_is_cut_off_and_what_means_something_in_a_pdf_does_not() -> None:
    long = Label(title="t", sender=(), recipient=("x" * 200, "(a) \\) Tj", *"abcdefghij"), code="A")
    seen = texts(drawn(long))[1:-1]
    assert len(seen) == MAX_LINES
    assert seen[0] == "x" * MAX_SIGNS
    assert b"\\(a\\) \\\\\\) Tj" in drawn(long)


def test_an_address_is_written_with_the_name_first_and_without_what_is_not_there() -> None:
    address = {"country": "DE", "line1": "Prinzenstraße 7", "name": "Ada", "line2": " ", "phone": "+49"}
    assert of_address(address) == ["Ada", "Prinzenstraße 7", "DE"]
    assert of_address({"country": "DE"}) == ["DE"]
