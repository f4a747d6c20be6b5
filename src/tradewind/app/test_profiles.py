"""A profile that cannot be understood is refused before anything is set; the environment goes before it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tradewind.app import profiles
from tradewind.app.settings import SettingError


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("TRADEWIND_PORT 9000", ":1 is not NAME=value"),
        ("\n# so far so good\nTRADEWIND_PROT=9000", ":3: TRADEWIND_PROT is no setting"),
        ("PATH=/tmp", ":1: PATH is no setting"),
        ("PORT=9000", ":1: PORT is no setting"),
        ("TRADEWIND_PORT=9000\nTRADEWIND_PORT=9001", ":2 sets TRADEWIND_PORT a second time"),
        ('TRADEWIND_ADMIN_PASSWORD="hunter2"', "write it without quotes"),
        ("#" * 70_000, "is longer than 64 KiB"),
    ],
)
def test_a_line_that_says_no_setting_is_refused_and_nothing_is_set(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "shop.env"
    file.write_text(f"{text}\n")
    environment: dict[str, str] = {}
    with pytest.raises(SettingError) as refusal:
        profiles.apply(file, environment)
    assert complaint in str(refusal.value)
    assert "hunter2" not in str(refusal.value)
    assert environment == {}


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "shop.env").write_bytes(content)
    with pytest.raises(SettingError, match="cannot be read"):
        profiles.read(tmp_path / "shop.env")


def test_the_environment_goes_before_a_profile(tmp_path: Path) -> None:
    file = tmp_path / "shop.env"
    file.write_text("# a shop\nTRADEWIND_PORT=9000\n\n TRADEWIND_LOG_LEVEL = debug \n".replace(" = ", "="))
    environment = {"TRADEWIND_PORT": "9001"}
    profiles.apply(file, environment)
    assert environment == {"TRADEWIND_PORT": "9001", "TRADEWIND_LOG_LEVEL": "debug"}


def test_an_empty_value_of_the_environment_hides_nothing_of_a_profile(tmp_path: Path) -> None:
    file = tmp_path / "shop.env"
    file.write_text("TRADEWIND_RABBITMQ_URL=amqp://mq\nTRADEWIND_PORT=9000\n")
    environment = {"TRADEWIND_RABBITMQ_URL": " ", "TRADEWIND_PORT": "9001"}
    profiles.apply(file, environment)
    assert environment == {"TRADEWIND_RABBITMQ_URL": "amqp://mq", "TRADEWIND_PORT": "9001"}


@pytest.mark.parametrize(
    ("profile", "code", "says"),
    [("TRADEWIND_OPA_URL=nowhere", 1, "TRADEWIND_OPA_URL is 'nowhere'"), ("TRADEWIND_OPA=x", 1, "is no setting")],
)
def test_every_command_is_told_of_a_profile(tmp_path: Path, profile: str, code: int, says: str) -> None:
    file = tmp_path / "shop.env"
    file.write_text(profile)
    argv = [sys.executable, "-m", "tradewind.app.cli", "--profile", str(file), "doctor"]
    environment = {name: value for name, value in os.environ.items() if name != "TRADEWIND_OPA_URL"}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, says in done.stderr) == (code, True), done.stderr
