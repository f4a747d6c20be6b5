"""Identifiers that sort by the time they were made (UUID version 7, RFC 9562)."""

import os
import time
from uuid import UUID

_VERSION_7 = 0x7 << 76
_VARIANT = 0x2 << 62


def new_id() -> UUID:
    """A fresh UUIDv7: 48 bits of Unix milliseconds, 12 of how much of the next is over, then 62 random bits.

    So ids sort as they were made also within a millisecond, to a quarter of a microsecond, whichever process of a
    machine makes them (RFC 9562, section 6.2, method 3).
    """
    milliseconds, over_ns = divmod(time.time_ns(), 1_000_000)
    random = int.from_bytes(os.urandom(8)) & 0x3FFFFFFFFFFFFFFF
    return UUID(int=milliseconds << 80 | _VERSION_7 | (over_ns * 4096 // 1_000_000) << 64 | _VARIANT | random)


def new_trace_id() -> str:
    """32 hexadecimal digits, as the W3C Trace Context recommendation writes a trace."""
    return os.urandom(16).hex()


def new_span_id() -> str:
    """16 hexadecimal digits: one piece of work within a trace."""
    return os.urandom(8).hex()


MAX_ID = UUID(int=2**128 - 1)
"""Greater than every id that is ever made."""
