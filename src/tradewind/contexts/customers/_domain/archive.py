"""Everything that is held of a person as one archive: a JSON file of each context, and an index that explains them."""

import zipfile
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from typing import Any, Final

import msgspec
from msgspec import Struct

INDEX: Final = "index.json"
_encoder = msgspec.json.Encoder(decimal_format="number", enc_hook=str)


class Exported(Struct, frozen=True, kw_only=True, rename="camel"):
    """What each context holds, by its name."""

    user_id: str
    exported_at: datetime
    contexts: dict[str, Any]


def archive(exported: Exported) -> bytes:
    """A ZIP of it; files are named for contexts."""
    files = {f"{name}.json": _pretty(held) for name, held in exported.contexts.items()}
    index = {
        "userId": exported.user_id,
        "exportedAt": exported.exported_at,
        "files": {name: {"bytes": len(content)} for name, content in files.items()},
        "note": "All that this shop holds about you. Each file is what one part of the shop holds; {} is nothing.",
    }
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as folder:
        for name, content in {INDEX: _pretty(index), **files}.items():
            folder.writestr(zipfile.ZipInfo(name, exported.exported_at.timetuple()[:6]), content)
    return packed.getvalue()


def _pretty(held: Mapping[str, Any]) -> bytes:
    return msgspec.json.format(_encoder.encode(held), indent=2)
