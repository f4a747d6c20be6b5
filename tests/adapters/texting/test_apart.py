"""Telephones and devices by carriers of their own."""

from pathlib import Path

from tests.adapters.texting.test_contract import a_text
from tradewind.adapters.texting.apart import Apart
from tradewind.adapters.texting.folder import FolderTexts
from tradewind.ports.texting import Carriage


async def test_each_goes_by_its_own_carrier_and_both_forget(tmp_path: Path) -> None:
    sms, push = tmp_path / "sms", tmp_path / "push"
    texter = Apart(FolderTexts(sms), FolderTexts(push))
    await texter.send(a_text())
    await texter.send(a_text(carriage=Carriage.PUSH))
    await texter.send(a_text(carriage=Carriage.PUSH, user_id="bob"))
    assert [len(list(folder.glob("*.json"))) for folder in (sms, push)] == [1, 2]
    await texter.forget("ada")
    assert [len(list(folder.glob("*.json"))) for folder in (sms, push)] == [0, 1]
