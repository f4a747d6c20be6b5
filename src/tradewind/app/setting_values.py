"""What a setting's text means: each function here understands one kind of value, or says what would do."""

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from tradewind.api.mqtt import address

T = TypeVar("T")
SECRET: Final = (
    "PASSWORD",
    "DATABASE_URL",
    "MQTT_URL",
    "RABBITMQ_URL",
    "REDIS_URL",
    "SMTP_URL",
    "KEY",
    "KEYS",
    "SECRET",
    "SECRETS",
    "TOKEN",
)
"""Settings whose value is never shown; nor is what has an @ in it, as addresses with passwords have."""


class SettingError(ValueError):
    """An environment variable that cannot be understood. The message names it and says what would do."""


class Reader:
    """Reads one setting after the other."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def __call__(self, name: str, understand: Callable[[str], T], default: T) -> T:
        """TRADEWIND_<name>, understood. Raises SettingError, which shows no secret."""
        value = self._environment.get(f"TRADEWIND_{name}", "").strip()
        try:
            return understand(value) if value else default
        except ValueError as reason:
            secret = "@" in value or name.endswith(SECRET)
            shown = "" if secret else f" is {value!r}, but"
            raise SettingError(f"TRADEWIND_{name}{shown} {reason}") from None


def path(value: str) -> Path:
    """A file or folder, absolute."""
    return Path(value).expanduser().resolve()


def port(value: str) -> int:
    """A TCP port; 0 takes any."""
    if not value.isdecimal() or int(value) > 65535:
        raise ValueError("must be a port: a whole number from 0 to 65535")
    return int(value)


def seconds(value: str) -> float:
    """A number of seconds above 0."""
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0.0 < seconds < float("inf"):
        raise ValueError("must be a number of seconds above 0")
    return seconds


def whole_number(value: str) -> int:
    """A whole number above 0."""
    if not value.isdecimal() or int(value) == 0:
        raise ValueError("must be a whole number above 0")
    return int(value)


def whole_seconds(value: str) -> int:
    """A whole number of seconds above 0."""
    if not value.isdecimal() or int(value) == 0:
        raise ValueError("must be a whole number of seconds above 0")
    return int(value)


def one_of(*words: str) -> Callable[[str], str]:
    """One of these words, however it is written."""

    def understand(value: str) -> str:
        if value.lower() not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return value.lower()

    return understand


def switch(value: str) -> bool:
    """On or off."""
    if value.lower() not in ("on", "off"):
        raise ValueError("must be on or off")
    return value.lower() == "on"


def networks(value: str) -> tuple[str, ...]:
    """Addresses or networks, with commas between."""
    found = words(value)
    try:
        for one in found:
            ip_network(one, strict=False)
    except ValueError:
        raise ValueError("must be addresses or networks with commas between, like 10.0.0.0/8,192.0.2.7") from None
    return found


def words(value: str) -> tuple[str, ...]:
    """Words with commas between."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def hexadecimal(value: str) -> tuple[str, ...]:
    """Keys in hexadecimal, with commas between."""
    found = words(value)
    if not all(re.fullmatch("(?:[0-9a-fA-F]{2})+", one) for one in found):
        raise ValueError("must be keys in hexadecimal, with commas between")
    return found


def postgres(value: str) -> str:
    """The address of a Postgres database."""
    if urlsplit(value).scheme not in ("postgres", "postgresql"):
        raise ValueError("must look like postgresql://user:password@host:5432/database")
    return value


def message_broker(value: str) -> str:
    """The address of a broker of AMQP 0.9.1."""
    parts = urlsplit(value)
    if parts.scheme not in ("amqp", "amqps") or not parts.hostname:
        raise ValueError("must look like amqp://user:password@host:5672/")
    return value


def servers(value: str) -> str:
    """Hosts with their ports, with commas between."""
    found = words(value)
    if not found or not all(re.fullmatch(r"[\w.\-]+:\d{1,5}", one) for one in found):
        raise ValueError("must be servers with their ports, with commas between, like 10.0.0.1:9092,10.0.0.2:9092")
    return ",".join(found)


def broker(value: str) -> str:
    """The address of an MQTT broker."""
    address.understand(value)
    return value


def mail_server(value: str) -> str:
    """The address of a mail server."""
    parts = urlsplit(value)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("must look like smtp://user:password@mail.example:587, or smtps://…")
    return value


def mail_address(value: str) -> str:
    """An address of e-mail."""
    name, at, domain = value.partition("@")
    if not (name and at and domain) or not value.isprintable() or " " in value:
        raise ValueError("must be an address like shop@example.org")
    return value


def lines(value: str) -> tuple[str, ...]:
    """Lines with | between."""
    lines = tuple(part.strip() for part in value.split("|") if part.strip())
    if not lines or not value.isprintable():
        raise ValueError("must be lines with | between, like The Shop|1 Main Street|London")
    return lines


def address_of(*schemes: str, example: str) -> Callable[[str], str]:
    """The address of a server that is spoken to by one of these schemes."""

    def understand(value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in schemes or not parts.hostname:
            raise ValueError(f"must look like {example}")
        return value.rstrip("/")

    return understand


def web_address(value: str) -> str:
    """An address of the web, without a slash at its end."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError("must look like https://shop.example")
    return value.rstrip("/")


def columns_address(value: str) -> str:
    """An address of the web, or chdb:///folder: the engine in this process, whose folder no other process may have."""
    parts = urlsplit(value)
    if parts.scheme == "chdb" and not parts.netloc and len(parts.path) > 1:
        return value
    return web_address(value)


def in_url(host: str) -> str:
    """A host as it is written in an address."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 -- everywhere is nowhere to go to
        return "localhost"
    return f"[{host}]" if ":" in host else host
