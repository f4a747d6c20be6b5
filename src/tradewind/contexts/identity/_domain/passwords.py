"""Passwords: Argon2id, hashed in threads of their own, so that neither the event loop nor the memory suffers."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from tradewind.kernel.errors import Throttled

T = TypeVar("T")
MEMORY_KIB: Final = 19 * 1024
ROUNDS: Final = 2
THREADS: Final = 2
MAX_WAITING: Final = 64
"""Logins that wait for a thread; whoever comes then is told to come again."""
NOBODY: Final = "$argon2id$v=19$m=19456,t=2,p=1$G3Tiz7ujrIPCmgaf4OdVdg$qVSRyTBSGarhAxsRPQTtEDsX5fMMTi9J8hulS6Q2q/4"
"""The hash of no password: checked where there is no account, so that the time taken tells nothing."""

# OWASP's Argon2id minimum: about 20 ms a hash here, 19 MiB each, so two threads cannot be made to take the memory.
_hasher = PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=1)
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="argon2")
_waiting: set[object] = set()


class TooManyLogins(Throttled):
    """Too many logins are being tried; come again later."""


async def hashed(password: str) -> str:
    """The hash to keep. Refuses (TooManyLogins) over MAX_WAITING."""
    return await _in_thread(_hasher.hash, password)


async def matches(password_hash: str | None, password: str) -> bool:
    """Whether it is the password; takes as long where there is no hash. Refuses (TooManyLogins) over MAX_WAITING."""
    return await _in_thread(_verified, password_hash or NOBODY, password) and bool(password_hash)


async def _in_thread(work: Callable[..., T], *args: str) -> T:
    if len(_waiting) >= MAX_WAITING:
        raise TooManyLogins
    place = object()
    _waiting.add(place)
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work, *args)
    finally:
        _waiting.discard(place)


def _verified(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (Argon2Error, InvalidHashError):
        return False
