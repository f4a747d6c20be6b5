"""Signing keys: made once, readable by their owner only, and replaced without breaking tokens in use."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from tradewind.api.auth.tokens import TokenInvalid
from tradewind.contexts.identity._domain.keys import SigningKeys


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
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["signing-0001.pem"]


def test_nobody_else_can_read_the_key(tmp_path: Path) -> None:
    opened(tmp_path / "secrets")
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "secrets" / "signing-0001.pem").stat().st_mode) == 0o600


def test_after_a_rotation_old_tokens_verify_until_the_old_key_is_taken_away(tmp_path: Path) -> None:
    before = a_token(opened(tmp_path))
    (tmp_path / "signing-0002.pem").write_bytes(ECKey.generate_key("P-256").as_pem(private=True))
    rotated = opened(tmp_path)
    after = a_token(rotated)
    assert rotated.verifier()(before).subject == rotated.verifier()(after).subject == "c-1"
    (tmp_path / "signing-0001.pem").unlink()
    verify = opened(tmp_path).verifier()
    assert verify(after).subject == "c-1"
    with pytest.raises(TokenInvalid):
        verify(before)


def test_a_token_of_another_shop_on_the_same_keys_is_refused(tmp_path: Path) -> None:
    token = a_token(opened(tmp_path, "http://other"))
    with pytest.raises(TokenInvalid):
        opened(tmp_path).verifier()(token)
