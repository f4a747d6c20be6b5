"""Addresses by the rules of their country."""

import pytest

from tradewind.api.postal import InvalidAddress, checked, is_country

LONDON = {"country": "gb", "line1": " 1  Main Street", "city": "London", "postal_code": "sw1a 1aa"}


@pytest.mark.parametrize(
    ("address", "pointers"),
    [
        ({}, ["/country"]),
        ({"country": "ZZ"}, ["/country"]),
        ({"country": "XK1"}, ["/country"]),
        ({"country": "DE"}, ["/city", "/postalCode", "/line1"]),
        (LONDON | {"postal_code": "99999"}, ["/postalCode"]),
        ({"country": "US", "line1": "1 A St", "city": "X", "postal_code": "94043", "region": "Ruritania"}, ["/region"]),
        ({"country": "US", "line1": "1 A St", "city": "X", "postal_code": "10001", "region": "CA"}, ["/postalCode"]),
    ],
)
def test_an_address_that_mail_cannot_reach_is_refused_part_by_part(
    address: dict[str, str], pointers: list[str]
) -> None:
    with pytest.raises(InvalidAddress) as refused:
        checked(address, prefix="/shippingAddress")
    assert [one["pointer"] for one in refused.value.facts["errors"]] == [f"/shippingAddress{one}" for one in pointers]


def test_a_good_address_comes_back_in_normal_form() -> None:
    assert checked(LONDON) == {"country": "GB", "line1": "1 Main Street", "city": "London", "postal_code": "SW1A 1AA"}
    there = {"country": "US", "line1": "1 A St", "city": "Palo Alto", "postal_code": "94301", "region": "California"}
    assert checked(there) == there | {"region": "CA"}
    assert checked({"country": "HK", "line1": "1 Road", "region": "Kowloon"})["region"] == "Kowloon"


def test_no_code_outside_the_list_is_a_country() -> None:
    assert is_country("AQ")
    assert not any(is_country(code) for code in ("", "Z", "ZZ", "ZZZ", "A1", "..", "äö", "QQ"))
