"""What a process may do and when it must die: the few Linux calls that Python's standard library leaves out.

Postgres refuses to run as root, and a shop started as root should not lend root to its engines. So the process that
keeps them gives up every right but one: reading and entering folders that are closed to others (CAP_DAC_READ_SEARCH),
because Python itself or the home may lie below the home folder of root.
"""

import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_SET_NAME = 15
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_READ_SEARCH = 2
_CAPABILITY_VERSION_3 = 0x20080522
_UNNAMED_NOBODY = 65534

_libc = ctypes.CDLL(None, use_errno=True)


class EngineError(RuntimeError):
    """An engine of the home cannot be run. The message says what to do next."""


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilityWord(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def require_linux() -> None:
    """Raise EngineError where the kernel cannot promise that children die with their parent."""
    if sys.platform != "linux":
        raise EngineError(
            "The embedded engines need Linux. Run Tradewind in a container, or name your own with "
            "TRADEWIND_DATABASE_URL and TRADEWIND_PROVIDER_URL."
        )


def _prctl(option: int, *arguments: int) -> None:
    padded = [*arguments, 0, 0, 0, 0][:4]
    if _libc.prctl(option, *(ctypes.c_ulong(argument) for argument in padded)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def die_with_parent(death_signal: signal.Signals, parent: int) -> None:
    """To be called in a fresh child, before it becomes its program: get `death_signal` when process `parent` dies.

    The kernel means the *thread* that forked, so a child is started from a thread that lives as long as the process.
    It forgets the wish when the user id changes, so rights are dropped before.
    """
    _prctl(_PR_SET_PDEATHSIG, death_signal)
    if os.getppid() != parent:  # it died before we could ask
        os.kill(os.getpid(), signal.SIGKILL)


def adopt_orphans() -> None:
    """Have this process, not that with number 1, become the parent of descendants whose own parent has ended."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def be_called(name: str) -> None:
    """What `ps` and `top` call this process: the first 15 bytes of `name`."""
    text = ctypes.create_string_buffer(name.encode()[:15])
    _prctl(_PR_SET_NAME, ctypes.addressof(text))


def account_for(folder: Path) -> pwd.struct_passwd:
    """The account that root gives its engines: the owner of `folder`, and `nobody` for a new one."""
    owner = folder.stat().st_uid if folder.exists() else 0
    try:
        return pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
    except KeyError:
        nameless = owner or _UNNAMED_NOBODY
        raise EngineError(
            f"User id {nameless}, which is to run the engines in {folder}, has no name in /etc/passwd. Add an entry, "
            f"or give the folder to a user who has one: chown -R nobody '{folder}'."
        ) from None


def give(folder: Path, account: pwd.struct_passwd) -> None:
    """Hand what root owns in `folder` to `account`, the folder itself last, so that an interrupted run is repeated."""
    for path, folders, files in os.walk(folder, topdown=False):
        for name in (*files, *folders):
            _give_one(os.path.join(path, name), account)
    _give_one(os.fspath(folder), account)


def _give_one(path: str, account: pwd.struct_passwd) -> None:
    if os.lstat(path).st_uid == 0:
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


def drop_root(account: pwd.struct_passwd) -> bool:
    """Become `account` for good, with no right but to read and enter closed folders.

    Answers whether that one right was to be had: containers often withhold it, and may not need it.
    """
    _prctl(_PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
    os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    kept = _set_capabilities(1 << _CAP_DAC_READ_SEARCH) and _raise_ambient()
    if not kept:
        _set_capabilities(0)
    return kept


def _set_capabilities(wanted: int) -> bool:
    header = _CapabilityHeader(_CAPABILITY_VERSION_3, 0)
    words = (_CapabilityWord * 2)(_CapabilityWord(wanted, wanted, wanted), _CapabilityWord(0, 0, 0))
    return bool(_libc.capset(ctypes.byref(header), ctypes.byref(words)) == 0)


def _raise_ambient() -> bool:
    """Ambient rights survive exec, so that Postgres and the provider have them too."""
    try:
        _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_READ_SEARCH)
    except OSError:
        return False
    return True


def require_reachable(paths: Iterable[Path]) -> None:
    """Raise EngineError when this process cannot get at one of `paths`, with what its owner can do about it."""
    for path in paths:
        try:
            path.stat()
        except PermissionError:
            name = pwd.getpwuid(os.geteuid()).pw_name
            raise EngineError(
                f"The engines run as '{name}', not as root, and '{name}' cannot get at {os.path.realpath(path)}. "
                "Either run Tradewind as an ordinary user, or open the folders above (chmod o+x), or grant "
                "CAP_DAC_READ_SEARCH (docker run --cap-add DAC_READ_SEARCH), or use your own Postgres with "
                "TRADEWIND_DATABASE_URL."
            ) from None
