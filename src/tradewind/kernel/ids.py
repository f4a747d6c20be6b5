"""Identifiers that sort by the time they were made (UUID version 7, RFC 9562)."""

import os
import time
from uuid import UUID

_VERSION_7 = 0x7 << 76
_VARIANT = 0x2 << 62


def new_id() -> UUID:
    """A fresh UUIDv7: 48 bits of Unix milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10))
    return UUID(int=milliseconds << 80 | _VERSION_7 | (random >> 68) << 64 | _VARIANT | random & 0x3FFFFFFFFFFFFFFF)


def new_trace_id() -> str:
    """32 hexadecimal digits, as the W3C Trace Context recommendation writes a trace."""
    return os.urandom(16).hex()


def new_span_id() -> str:
    """16 hexadecimal digits: one piece of work within a trace."""
    return os.urandom(8).hex()


MAX_ID = UUID(int=2**128 - 1)
"""Greater than every id that is ever made."""
