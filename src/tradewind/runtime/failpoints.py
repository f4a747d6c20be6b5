"""Places in the real code where a test may make it die, fail or wait, armed by the environment and silent otherwise.

TRADEWIND_FAILPOINTS="saga.authorize_payment.after_ask=kill@1;relay.before_mark=raise@2;edge.answer=sleep:5"
TRADEWIND_PLANTED_BUGS="reserve_without_guard" is heard only where TRADEWIND_TEST_BUILD=1 is set as well.
"""

import os
import re
import signal
import time
from collections import Counter

_SPEC = re.compile(r"(?P<action>kill|raise|stop|sleep)(?::(?P<seconds>[\d.]+))?(?:@(?P<hit>\d+))?")
_hits: Counter[str] = Counter()


class FailpointHit(Exception):  # noqa: N818 -- it is thrown on purpose
    """A test asked for this failure."""


def _armed() -> dict[str, str]:
    pairs = (part.split("=", 1) for part in os.environ.get("TRADEWIND_FAILPOINTS", "").split(";") if part)
    return {name.strip(): spec.strip() for name, spec in pairs}


_ARMED = _armed()


def arm(specs: dict[str, str]) -> None:
    """Arm these instead, within this process."""
    _ARMED.clear()
    _ARMED.update(specs)
    _hits.clear()


def failpoint(name: str) -> None:
    """Do here what the environment asks for on the n-th hit of `name`; nothing where it asks for nothing."""
    if not _ARMED or name not in _ARMED:
        return
    spec = _SPEC.fullmatch(_ARMED[name])
    assert spec, f"{name}={_ARMED[name]}: want kill, stop, raise or sleep:SECONDS, then perhaps @HIT"
    _hits[name] += 1
    if _hits[name] != int(spec["hit"] or 1):
        return
    match spec["action"]:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "sleep":
            time.sleep(float(spec["seconds"] or 1))
        case _:
            raise FailpointHit(name)


_PLANTED = frozenset(filter(None, os.environ.get("TRADEWIND_PLANTED_BUGS", "").split(",")))
_TEST_BUILD = os.environ.get("TRADEWIND_TEST_BUILD") == "1"


def planted(name: str) -> bool:
    """Whether a test build wants the bug `name`, to see that a bar can fail."""
    return bool(_PLANTED) and _TEST_BUILD and name in _PLANTED
