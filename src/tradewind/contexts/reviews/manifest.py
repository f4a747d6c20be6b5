"""The reviews context's table of contents."""

from pathlib import Path

from tradewind.runtime.manifest import Manifest

__all__ = ["MANIFEST"]

MANIFEST = Manifest(name="reviews", migrations=Path(__file__).parent / "migrations")
