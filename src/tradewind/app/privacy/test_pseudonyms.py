"""The key of a home's pseudonyms is made once, kept close, and gives the same digest in every process."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from stat import S_IMODE
from threading import Barrier

import pytest

from tradewind.app.privacy.pseudonyms import KEY_BYTES, KEY_FILE, KeyedPseudonyms


def test_a_key_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_bytes(b"short")
    with pytest.raises(AssertionError):
        KeyedPseudonyms.open(tmp_path)


def test_of_many_who_start_at_once_one_makes_the_key(tmp_path: Path) -> None:
    start = Barrier(8)

    def digest(_: int) -> str:
        start.wait()
        return KeyedPseudonyms.open(tmp_path / "secrets").of("ada@example.org")

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(digest, range(8)))) == 1
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == [KEY_FILE]
    assert S_IMODE((tmp_path / "secrets" / KEY_FILE).stat().st_mode) == 0o600


def test_the_same_address_however_it_is_written_has_one_pseudonym_a_home(tmp_path: Path) -> None:
    ours = KeyedPseudonyms.open(tmp_path / "ours")
    assert ours.of(" Ada@Example.org ") == ours.of("ada@example.org")
    assert ours.of("ada@example.org") != ours.of("ida@example.org")
    assert ours.of("ada@example.org") != KeyedPseudonyms.open(tmp_path / "theirs").of("ada@example.org")
    assert ours.of("ada@example.org") == KeyedPseudonyms(bytes((tmp_path / "ours" / KEY_FILE).read_bytes())).of(
        "ada@example.org"
    )
    assert KEY_BYTES == 32
