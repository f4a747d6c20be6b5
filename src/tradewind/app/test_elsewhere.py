"""What goes with questions to contexts in other processes."""

from pathlib import Path

import pytest

from tradewind.app import elsewhere
from tradewind.contexts.identity.manifest import SigningKeys


def test_questions_that_come_close_together_bear_one_token_and_later_ones_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To sign one for each would cost more than the question, and whoever is asked could remember none."""
    keys = SigningKeys.open(tmp_path / "secrets", issuer="http://shop")
    token = elsewhere.tokens(keys, "warehouse", ("inventory:write",))
    assert len({token() for _ in range(5)}) == 1
    monkeypatch.setattr(elsewhere, "SAME_S", 0)
    later = elsewhere.tokens(keys, "warehouse", ("inventory:write",))
    assert len({later() for _ in range(5)}) == 5
