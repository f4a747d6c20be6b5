"""ETag, If-Match and If-None-Match (RFC 9110): who changes a thing says which version they looked at.

An answer with a `version` carries the strong tag `"<version>-<fingerprint>"`. The fingerprint is of the body, so the
tag differs whenever one byte of the answer does. If-Match looks at the version alone: what is shown beside the thing
itself (its price, its stock) may move without spoiling somebody's change; `"<version>"` will do there.
"""

import re
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Annotated, Any, Final, get_args

from msgspec import Struct

from tradewind.api.rest.refusals import InvalidHeader, VersionMissing

IfMatch = Annotated[int | None, "If-Match"]
"""A route's parameter of this type is the version in If-Match, None for `*`. Without a default the header must be sent
(428 VersionMissing); with `= None` it may be left out. The handler compares: kernel.versions.expect."""
NEVER: Final = -1
"""Stands for a tag that no version has: a weak one, or one that was never ours."""
MAX_TAGS: Final = 1024
"""Longest that such a header may be, in bytes."""
_ONE_TAG: Final = re.compile(rb'(?:W/)?"[\x21\x23-\x7e]*"')
_OURS: Final = re.compile(rb'"(\d{1,15})(?:-[0-9a-f]{16})?"')


def expected(headers: Mapping[bytes, bytes], *, required: bool) -> int | None:
    """The version that the client looked at; None for whichever. Refuses VersionMissing and InvalidHeader."""
    sent = headers.get(b"if-match")
    if sent is None:
        if required:
            raise VersionMissing
        return None
    given = sent.strip()
    if given == b"*":
        return None
    if not _ONE_TAG.fullmatch(given):
        raise InvalidHeader('If-Match takes one entity tag, as in "3", or *.')
    ours = _OURS.fullmatch(given)
    return int(ours[1]) if ours else NEVER


def has_version(annotation: Any) -> bool:
    """Whether an answer of this type carries a version."""
    inner = get_args(annotation) or (annotation,)
    return any(isinstance(t, type) and issubclass(t, Struct) and "version" in t.__struct_fields__ for t in inner)


def tag(version: int, content: bytes) -> str:
    """The strong entity tag of an answer."""
    return f'"{version}-{blake2b(content, digest_size=8).hexdigest()}"'


def is_known(headers: Mapping[bytes, bytes], etag: str) -> bool:
    """Whether the client says (If-None-Match) that it has this answer already; compared weakly, as RFC 9110 asks."""
    given = headers.get(b"if-none-match", b"").strip()
    return bool(given) and (given == b"*" or etag.encode() in _tags(given[:MAX_TAGS]))


def _tags(given: bytes) -> Iterable[bytes]:
    return {found.removeprefix(b"W/") for found in _ONE_TAG.findall(given)}
