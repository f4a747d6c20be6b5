"""A file of flags: what it may say, and what comes of one that says something else."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.adapters.flags.owners import Clock, WithFile
from tradewind.adapters.flags.file import MAX_BYTES, FlagFile, FlagFileError, is_among, read
from tradewind.adapters.flags.open_feature import OpenFeatureFlags
from tradewind.ports.flags import ASSISTANT, CHECKOUT, FLAGS, RECOMMENDATIONS, REVIEWS
from tradewind.runtime.telemetry.logs import log

pytestmark = pytest.mark.adapter("file")


def test_a_file_says_on_off_or_on_for_some(tmp_path: Path) -> None:
    file = tmp_path / "flags.toml"
    file.write_text("# ours\ncheckout = false\nassistant = true\n[recommendations]\npercent = 12.5\n")
    assert read(file) == {"checkout": 0.0, "assistant": 100.0, "recommendations": 12.5}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("checkout = true\nchekout = false", "line 2: chekout is no flag; there are checkout, reviews"),
        ("\n\ncheckout = 'off'", "line 3: checkout must be true or false"),
        ("checkout = { percent = 50 }", "line 1: checkout must be true or false"),
        ("recommendations = { percent = 101 }", "line 1: recommendations must be true, false or { percent = N }"),
        ("recommendations = { percent = true }", "N from 0 to 100"),
        ("recommendations = { percent = nan }", "N from 0 to 100"),
        ("reviews = true\n[assistant]\npercentage = 5", "line 2: assistant must be"),
        ("checkout = flase", "is no TOML"),
        ("checkout = true\ncheckout = false\n", "line 2"),
        ("checkout = \udcff", "is no TOML"),
        ("#" * (MAX_BYTES + 1), "is longer than 64 KiB"),
    ],
)
def test_what_cannot_be_understood_is_refused_by_its_line_with_what_to_do(
    tmp_path: Path, text: str, complaint: str
) -> None:
    file = tmp_path / "flags.toml"
    file.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(FlagFileError) as refusal:
        read(file)
    assert str(file) in str(refusal.value)
    assert complaint in str(refusal.value)


async def test_a_broken_file_changes_nothing_and_is_told_of_once(
    with_file: WithFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(log, "error", lambda _, **facts: told.append(f"{facts}"))
    await with_file.say(CHECKOUT, 0)
    await with_file.sees(lambda: not with_file.flags.on(CHECKOUT))
    with_file.write("checkout = true\nrevuews = false\n")
    for _ in range(5):
        await with_file.sees(lambda: not with_file.flags.on(CHECKOUT) and with_file.flags.on(REVIEWS))
    assert len(told) == 1
    assert "revuews is no flag" in told[0]
    assert "line 2" in told[0]
    assert "mend the file; until then what was said last hold" in told[0]
    with_file.file.unlink()
    await with_file.sees(lambda: not with_file.flags.on(CHECKOUT))
    assert "cannot be read" in told[1]
    with_file.write("reviews = false\n")
    await with_file.sees(lambda: with_file.flags.on(CHECKOUT) and not with_file.flags.on(REVIEWS))
    assert len(told) == 2


def test_a_file_that_cannot_be_read_is_read_as_soon_as_it_can_though_it_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is told to make it readable for the shop does so by its mode, or by what else the machine lacks."""
    told: list[str] = []
    monkeypatch.setattr(log, "error", lambda _, **facts: told.append(f"{facts}"))
    file = tmp_path / "flags.toml"
    file.write_text("checkout = false\n")
    with no_file_can_be_opened():
        source = FlagFile(file)
        source.look()
        source.look()
    assert "cannot be read (Too many open files)" in source.trouble
    assert len(told) == 1
    source.look()
    assert source.trouble == ""
    assert source.decide("checkout", "anybody") is False


@contextmanager
def no_file_can_be_opened() -> Iterator[None]:
    """By this process, for want of room in its table of files."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_a_file_that_is_broken_from_the_start_leaves_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "flags.toml"
    file.write_text("checkout = ")
    source = FlagFile(file)
    assert [OpenFeatureFlags(source).on(flag) for flag in FLAGS] == [flag.default for flag in FLAGS]
    assert "is no TOML" in source.trouble


def test_the_file_is_looked_at_once_a_second_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[None] = []
    clock, source = Clock(), FlagFile(None)
    monkeypatch.setattr(source, "look", lambda: looked.append(None))
    flags = OpenFeatureFlags(source, clock=clock)
    for customer in range(1_000):
        flags.on(RECOMMENDATIONS, str(customer))
    assert len(looked) == 1
    clock.later()
    flags.on(CHECKOUT)
    assert len(looked) == 2


def test_what_is_remembered_of_customers_is_bounded() -> None:
    flags = OpenFeatureFlags(FlagFile(None), clock=Clock())
    for customer in range(10_000):
        assert flags.on(ASSISTANT, str(customer))
    assert len(flags._answers) <= 4096


def test_customers_of_a_roll_out_are_these_for_ever() -> None:
    """A changed rule would take from customers what they had, and give it to others."""
    assert [number for number in range(40) if is_among("recommendations", f"customer-{number}", 10.0)] == [
        3,
        12,
        23,
        37,
    ]
    assert not is_among("recommendations", "anybody", 0.0)


def test_a_shop_that_names_no_unleash_does_not_load_its_engine() -> None:
    look = "import sys, tradewind.app.edge, tradewind.app.worker, tradewind.app.cli; "
    subprocess.run([sys.executable, "-c", f"{look}sys.exit('yggdrasil_engine' in sys.modules)"], check=True)
