"""Signing keys: made once, readable by their owner only, and replaced without breaking tokens in use."""

import base64
import json
import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tradewind.api.auth.tokens import TokenInvalid
from tradewind.contexts.identity._domain.key_files import RETIRED_KEPT_S
from tradewind.contexts.identity._domain.keys import FRESH_S, RELOAD_S, SigningKeys
from tradewind.kernel import clock


def opened(folder: Path, issuer: str = "http://shop") -> SigningKeys:
    return SigningKeys.open(folder, issuer=issuer)


def a_token(keys: SigningKeys) -> bytes:
    return keys.sign(
        subject="c-1", roles=("customer",), scopes=("order:read",), tenant="default", lifetime_s=60
    ).encode()


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: opened(tmp_path / "secrets").key_set(), range(16)))
    assert all(one == found[0] for one in found)
    assert sorted(path.name for path in (tmp_path / "secrets").iterdir()) == ["signing-0001.pem", "signing-0002.pem"]


def test_nobody_else_can_read_the_key(tmp_path: Path) -> None:
    opened(tmp_path / "secrets")
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "secrets" / "signing-0001.pem").stat().st_mode) == 0o600


def kid(token: bytes) -> str:
    return str(json.loads(base64.urlsafe_b64decode(token.partition(b".")[0] + b"=="))["kid"])


def kids(keys: SigningKeys) -> list[str]:
    return [key["kid"] for key in keys.key_set()["keys"]]


def aged(folder: Path, name: str, seconds: float) -> None:
    made = clock.now().timestamp() - seconds
    os.utime(folder / name, (made, made))


@contextmanager
def later(seconds: float) -> Iterator[None]:
    with clock.held(clock.now() + timedelta(seconds=seconds)):
        yield


def test_a_key_that_still_verifies_tokens_is_not_removed(tmp_path: Path) -> None:
    keys = opened(tmp_path)
    keys.rotate()
    aged(tmp_path, "signing-0003.pem", RETIRED_KEPT_S - 60)
    assert keys.rotate(older_than_s=90 * 86_400).removed == 0
    assert len(kids(keys)) == 3


def test_a_key_that_is_young_enough_goes_on_signing(tmp_path: Path) -> None:
    keys = opened(tmp_path)
    aged(tmp_path, "signing-0002.pem", 1_000)
    before = kids(keys)
    assert keys.rotate(older_than_s=2_000).rotated is False
    assert kids(keys) == before
    assert keys.rotate(older_than_s=500).rotated is True


def test_of_many_who_rotate_an_old_key_at_once_one_does(tmp_path: Path) -> None:
    everyone = [opened(tmp_path) for _ in range(8)]
    aged(tmp_path, "signing-0002.pem", 1_000)
    with ThreadPoolExecutor(8) as threads:
        rotations = list(threads.map(lambda keys: keys.rotate(older_than_s=500), everyone))
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"signing-000{n}.pem" for n in (1, 2, 3)]
    assert sum(rotation.rotated for rotation in rotations) == 1


def test_the_next_key_is_published_before_it_signs_and_the_last_one_as_long_as_its_tokens_are_good(
    tmp_path: Path,
) -> None:
    keys = opened(tmp_path)
    first, second = kids(keys)
    before = a_token(keys)
    rotation = keys.rotate()
    third = rotation.next
    after = a_token(keys)
    assert (kid(before), kid(after), rotation.current) == (first, second, second)
    assert kids(keys) == [first, second, third]
    assert keys.verifier()(before).subject == keys.verifier()(after).subject == "c-1"
    aged(tmp_path, "signing-0003.pem", RETIRED_KEPT_S + 60)
    assert keys.rotate(older_than_s=90 * 86_400).removed == 1
    assert kids(keys) == [second, third]
    with pytest.raises(TokenInvalid):
        keys.verifier()(before)
    assert keys.verifier()(after).subject == "c-1"


def test_a_running_process_knows_the_token_of_a_key_that_another_just_began_to_use(tmp_path: Path) -> None:
    running, other = opened(tmp_path), opened(tmp_path)
    other.rotate()
    assert running.verifier()(a_token(other)).subject == "c-1", "it was published as the next one"


def test_a_running_process_looks_for_a_key_it_has_never_seen_but_not_for_every_token(tmp_path: Path) -> None:
    running, other = opened(tmp_path), opened(tmp_path)
    for _ in range(2):
        other.rotate()
    token = a_token(other)
    with pytest.raises(TokenInvalid):
        running.verifier()(token)
    with later(RELOAD_S):
        assert running.verifier()(token).subject == "c-1"
        assert kid(a_token(running)) == kid(token), "it signs with it, too"


def test_a_key_whose_file_was_taken_away_verifies_no_token_for_long_not_even_a_known_one(tmp_path: Path) -> None:
    keys = opened(tmp_path)
    token = a_token(keys)
    assert keys.verifier()(token).subject == "c-1"
    (tmp_path / "signing-0001.pem").unlink()
    with later(FRESH_S), pytest.raises(TokenInvalid):
        keys.verifier()(token)


def test_a_token_of_another_shop_on_the_same_keys_is_refused(tmp_path: Path) -> None:
    token = a_token(opened(tmp_path, "http://other"))
    with pytest.raises(TokenInvalid):
        opened(tmp_path).verifier()(token)
