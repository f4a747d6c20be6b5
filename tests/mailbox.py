"""A shop's mails, where a test can read them."""

from pathlib import Path

from tests.shops import Shop
from tradewind.adapters.mail.folder import FolderMail
from tradewind.ports.mail import Mailer


def mails_go_to(folder: Path, shop: Shop) -> None:
    """From now on the shop's mails are files in `folder`."""
    peers: dict[type, object] = shop.db.peers  # type: ignore[assignment]
    peers[Mailer] = FolderMail(folder)
