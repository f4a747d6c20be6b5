"""A port that was found to be free is put where the shop says that it listens, and nowhere else."""

import pytest

from tradewind.app.hosting import with_port
from tradewind.app.settings import Settings


@pytest.mark.parametrize(
    ("told", "becomes"),
    [
        ({}, "http://127.0.0.1:{port}"),
        ({"PUBLIC_URL": "http://[fd00:0db8:0::1]"}, "http://[fd00:0db8:0::1]"),
        ({"PUBLIC_URL": "http://[fd00:0db8::1]:0"}, "http://[fd00:0db8::1]:{port}"),
        ({"PUBLIC_URL": "http://shop.example:0815"}, "http://shop.example:0815"),
    ],
)
def test_the_port_takes_the_place_of_none(told: dict[str, str], becomes: str) -> None:
    environment = {"PORT": "0", "HOST": "127.0.0.1", **told}
    found = with_port(Settings.from_environment({f"TRADEWIND_{name}": value for name, value in environment.items()}))
    assert found.port > 0
    assert found.public_url == becomes.format(port=found.port)
