"""What the owner of a shop can decide, read once from the environment; everything has a default that works."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final, Self, TypeVar
from urllib.parse import urlsplit

from tradewind.api.mqtt import address

LOG_LEVELS: Final = ("debug", "info", "warning", "error")
PAYMENT_PROVIDERS: Final = ("simulated", "stripe", "adyen", "soap")
NEEDS: Final = {"stripe": ("stripe_key",), "adyen": ("adyen_key", "adyen_account")}
"""What each payment provider of the world asks for."""

ALLOCATIONS: Final = ("priority", "nearest", "fewest_parcels")

T = TypeVar("T")


class SettingError(ValueError):
    """An environment variable that cannot be understood. The message names it and says what would do."""


_NONE: Final[tuple[str, ...]] = ()
_RETURNS: Final[tuple[str, ...]] = ("Tradewind", "Returns")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The decisions of one shop. Each field is read from TRADEWIND_<FIELD>."""

    home: Path
    """The folder of everything the shop keeps on this machine; absolute."""
    database_url: str | None = field(default=None, repr=False)
    """A Postgres of the owner's; without one the home has its own."""
    provider_url: str | None = None
    """A payment provider of the owner's; without one the home runs the simulated one."""
    payment_provider: str = "simulated"
    """simulated, stripe, adyen, or soap: the legacy gateway, and where it is down the provider over REST.

    Changed between payments: whoever took one has to be asked about it.
    """
    stripe_key: str | None = field(default=None, repr=False)
    """The secret key of the Stripe account."""
    stripe_webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    """Secrets of the Stripe webhook endpoint, with commas between; several while one is rotated."""
    stripe_url: str | None = None
    """Where Stripe's API is, if not in its usual place; for tests."""
    adyen_key: str | None = field(default=None, repr=False)
    """The API key of the Adyen account."""
    adyen_account: str | None = None
    """Adyen's merchant account, which must capture by hand."""
    adyen_webhook_hmac_keys: tuple[str, ...] = field(default=(), repr=False)
    """HMAC keys of the Adyen webhook, hexadecimal, with commas between; several while one is rotated."""
    adyen_live_prefix: str | None = None
    """The prefix of Adyen's live endpoint; without one payments are taken to its test platform."""
    adyen_url: str | None = None
    """Where Adyen's Checkout API is, if not in its usual place; for tests."""
    soap_url: str | None = None
    """The legacy gateway of the owner's (https://…/soap/payment); without one the simulated provider plays it."""
    mqtt_url: str | None = field(default=None, repr=False)
    """The MQTT broker that sensors talk to (mqtt:// or mqtts://user:password@host:port); else `serve` runs its own."""
    mqtt_host: str = "127.0.0.1"
    """The address on which the shop's own MQTT broker listens. It speaks no TLS."""
    mqtt_port: int = 0
    """The port of the shop's own MQTT broker; 0 takes a free one and keeps to it."""
    host: str = "127.0.0.1"
    """The address on which HTTP is served."""
    port: int = 8000
    """The port on which HTTP is served; 0 takes any free one."""
    public_url: str = ""
    """How browsers and partners reach the shop, no slash at the end; also the issuer of its tokens."""
    admin_password: str | None = field(default=None, repr=False)
    """The first administrator's password; without one it is made up and shown once."""
    provider_timeout_s: float = 2.0
    """Seconds that one question to the payment provider may take."""
    reservation_ttl_s: int = 900
    """Seconds for which stock is held for an order that is not paid."""
    allocation: str = "priority"
    """From which warehouse an order is served first: priority, nearest or fewest_parcels."""
    cart_abandoned_after_s: int = 14_400
    """Seconds after which a filled cart that nobody touches counts as abandoned."""
    cart_expires_after_s: int = 2_592_000
    """Seconds after which a cart that nobody touches is closed."""
    saga_lease_s: float = 10.0
    """Seconds after which another worker may take over a saga whose worker is silent."""
    rate_limits: bool = True
    """on or off: whether one client and one user may ask only so much (docs/guides/rest.md)."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks, with commas between, whose X-Forwarded-For says who asks; else it is the socket's peer."""
    webhook_allow: tuple[str, ...] = ()
    """Networks, with commas between, to which webhooks are posted although they are not public; for development."""
    smtp_url: str | None = field(default=None, repr=False)
    """A mail server (smtp://user:password@host:587, smtps://…); without one mails are files in the home."""
    mail_sender: str = "shop@tradewind.localhost"
    """The address that mails over SMTP come from."""
    texts_url: str | None = None
    """A carrier of texts to telephones and devices, asked by HTTP; without one they are files in the home."""
    texts_key: str | None = field(default=None, repr=False)
    """What the carrier of texts knows the shop by."""
    push_account: Path | None = None
    """The file (JSON) of a service account of Firebase Cloud Messaging; notes to devices go there then."""
    carrier_url: str | None = None
    """A carrier of parcels (3PL) that is asked by HTTP, named `rest`; beside it there is the simulated one."""
    carrier_key: str | None = field(default=None, repr=False)
    """What the carrier of parcels knows the shop by."""
    carrier_secret: str | None = field(default=None, repr=False)
    """What the carrier of parcels signs by what it tells by itself."""
    wms_url: str | None = None
    """A warehouse's own system (WMS) that picks what is handed over to it; without one there is a simulated one."""
    wms_key: str | None = field(default=None, repr=False)
    """What the warehouse's system knows the shop by."""
    return_address: tuple[str, ...] = _RETURNS
    """Where goods come back to, line by line with | between; it is printed on the labels of returns."""
    emails_per_minute: int = 6_000
    """E-mails that go out in a minute, at most."""
    sms_per_minute: int = 600
    """Texts to telephones that go out in a minute, at most."""
    pushes_per_minute: int = 6_000
    """Notes to devices that go out in a minute, at most."""
    ai_url: str | None = None
    """An AI provider that speaks OpenAI's protocol (https://…/v1), for search by meaning and the assistant."""
    ai_key: str | None = field(default=None, repr=False)
    """What the AI provider knows the shop by."""
    ai_model: str = "gpt-4.1-mini"
    """The AI provider's model that the assistant speaks with."""
    ai_meaning_model: str = "text-embedding-3-small"
    """The AI provider's model that says what texts mean."""
    log_level: str = "info"
    """debug, info, warning or error."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read every setting. Raises SettingError. An empty value counts as none."""
        read = _Reader(environment)
        host = read("HOST", str, "127.0.0.1")
        port = read("PORT", _port, 8000)
        found = cls(
            home=read("HOME", _path, _path(".tradewind")),
            database_url=read("DATABASE_URL", _postgres, None),
            provider_url=read("PROVIDER_URL", _web_address, None),
            **_of_payments(read),
            mqtt_url=read("MQTT_URL", _broker, None),
            mqtt_host=read("MQTT_HOST", str, "127.0.0.1"),
            mqtt_port=read("MQTT_PORT", _port, 0),
            host=host,
            port=port,
            public_url=read("PUBLIC_URL", _web_address, None) or f"http://{_in_url(host)}:{port}",
            admin_password=read("ADMIN_PASSWORD", str, None),
            provider_timeout_s=read("PROVIDER_TIMEOUT_S", _seconds, 2.0),
            reservation_ttl_s=read("RESERVATION_TTL_S", _whole_seconds, 900),
            allocation=read("ALLOCATION", _allocation, "priority"),
            cart_abandoned_after_s=read("CART_ABANDONED_AFTER_S", _whole_seconds, 14_400),
            cart_expires_after_s=read("CART_EXPIRES_AFTER_S", _whole_seconds, 2_592_000),
            saga_lease_s=read("SAGA_LEASE_S", _seconds, 10.0),
            rate_limits=read("RATE_LIMITS", _switch, True),
            trusted_proxies=read("TRUSTED_PROXIES", _networks, ()),
            webhook_allow=read("WEBHOOK_ALLOW", _networks, ()),
            **_of_carriers(read),
            emails_per_minute=read("EMAILS_PER_MINUTE", _whole_number, 6_000),
            sms_per_minute=read("SMS_PER_MINUTE", _whole_number, 600),
            pushes_per_minute=read("PUSHES_PER_MINUTE", _whole_number, 6_000),
            ai_url=read("AI_URL", _web_address, None),
            ai_key=read("AI_KEY", str, None),
            ai_model=read("AI_MODEL", str, "gpt-4.1-mini"),
            ai_meaning_model=read("AI_MEANING_MODEL", str, "text-embedding-3-small"),
            log_level=read("LOG_LEVEL", _log_level, "info"),
        )
        for need in NEEDS.get(found.payment_provider, ()):
            if getattr(found, need) is None:
                raise SettingError(f"TRADEWIND_{need.upper()} is needed where payments go to {found.payment_provider}")
        return found

    @property
    def takes_payments_outside(self) -> bool:
        """Whether payments go to a provider of the world: then the home runs no simulated one."""
        return self.payment_provider in NEEDS


def _of_payments(read: "_Reader") -> dict[str, Any]:
    """Who moves the money, and how they know us."""
    return {
        "payment_provider": read("PAYMENT_PROVIDER", _payment_provider, "simulated"),
        "stripe_key": read("STRIPE_KEY", str, None),
        "stripe_webhook_secrets": read("STRIPE_WEBHOOK_SECRETS", _words, _NONE),
        "stripe_url": read("STRIPE_URL", _web_address, None),
        "adyen_key": read("ADYEN_KEY", str, None),
        "adyen_account": read("ADYEN_ACCOUNT", str, None),
        "adyen_webhook_hmac_keys": read("ADYEN_WEBHOOK_HMAC_KEYS", _hexadecimal, _NONE),
        "adyen_live_prefix": read("ADYEN_LIVE_PREFIX", str, None),
        "adyen_url": read("ADYEN_URL", _web_address, None),
        "soap_url": read("SOAP_URL", _web_address, None),
    }


def _of_carriers(read: "_Reader") -> dict[str, Any]:
    """Who carries mails, texts, notes and parcels, and how they know us."""
    return {
        "smtp_url": read("SMTP_URL", _mail_server, None),
        "mail_sender": read("MAIL_SENDER", _address, "shop@tradewind.localhost"),
        "texts_url": read("TEXTS_URL", _web_address, None),
        "texts_key": read("TEXTS_KEY", str, None),
        "push_account": read("PUSH_ACCOUNT", _path, None),
        "carrier_url": read("CARRIER_URL", _web_address, None),
        "carrier_key": read("CARRIER_KEY", str, None),
        "carrier_secret": read("CARRIER_SECRET", str, None),
        "wms_url": read("WMS_URL", _web_address, None),
        "wms_key": read("WMS_KEY", str, None),
        "return_address": read("RETURN_ADDRESS", _lines, _RETURNS),
    }


class _Reader:
    """Reads one setting after the other."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def __call__(self, name: str, understand: Callable[[str], T], default: T) -> T:
        """TRADEWIND_<name>, understood. Raises SettingError, which shows no secret."""
        value = self._environment.get(f"TRADEWIND_{name}", "").strip()
        try:
            return understand(value) if value else default
        except ValueError as reason:
            secret = name.endswith(
                ("PASSWORD", "DATABASE_URL", "MQTT_URL", "SMTP_URL", "KEY", "KEYS", "SECRET", "SECRETS")
            )
            shown = "" if secret else f" is {value!r}, but"
            raise SettingError(f"TRADEWIND_{name}{shown} {reason}") from None


def _path(value: str) -> Path:
    return Path(value).expanduser().resolve()


def _port(value: str) -> int:
    if not value.isdecimal() or int(value) > 65535:
        raise ValueError("must be a port: a whole number from 0 to 65535")
    return int(value)


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0.0 < seconds < float("inf"):
        raise ValueError("must be a number of seconds above 0")
    return seconds


def _whole_number(value: str) -> int:
    if not value.isdecimal() or int(value) == 0:
        raise ValueError("must be a whole number above 0")
    return int(value)


def _whole_seconds(value: str) -> int:
    if not value.isdecimal() or int(value) == 0:
        raise ValueError("must be a whole number of seconds above 0")
    return int(value)


def _allocation(value: str) -> str:
    if value not in ALLOCATIONS:
        raise ValueError(f"must be one of {', '.join(ALLOCATIONS)}")
    return value


def _switch(value: str) -> bool:
    if value.lower() not in ("on", "off"):
        raise ValueError("must be on or off")
    return value.lower() == "on"


def _networks(value: str) -> tuple[str, ...]:
    found = _words(value)
    try:
        for one in found:
            ip_network(one, strict=False)
    except ValueError:
        raise ValueError("must be addresses or networks with commas between, like 10.0.0.0/8,192.0.2.7") from None
    return found


def _words(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _hexadecimal(value: str) -> tuple[str, ...]:
    found = _words(value)
    if not all(re.fullmatch("(?:[0-9a-fA-F]{2})+", one) for one in found):
        raise ValueError("must be keys in hexadecimal, with commas between")
    return found


def _log_level(value: str) -> str:
    if value.lower() not in LOG_LEVELS:
        raise ValueError(f"must be one of {', '.join(LOG_LEVELS)}")
    return value.lower()


def _payment_provider(value: str) -> str:
    if value.lower() not in PAYMENT_PROVIDERS:
        raise ValueError(f"must be one of {', '.join(PAYMENT_PROVIDERS)}")
    return value.lower()


def _postgres(value: str) -> str:
    if urlsplit(value).scheme not in ("postgres", "postgresql"):
        raise ValueError("must look like postgresql://user:password@host:5432/database")
    return value


def _broker(value: str) -> str:
    address.understand(value)
    return value


def _mail_server(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("must look like smtp://user:password@mail.example:587, or smtps://…")
    return value


def _address(value: str) -> str:
    name, at, domain = value.partition("@")
    if not (name and at and domain) or not value.isprintable() or " " in value:
        raise ValueError("must be an address like shop@example.org")
    return value


def _lines(value: str) -> tuple[str, ...]:
    lines = tuple(part.strip() for part in value.split("|") if part.strip())
    if not lines or not value.isprintable():
        raise ValueError("must be lines with | between, like The Shop|1 Main Street|London")
    return lines


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError("must look like https://shop.example")
    return value.rstrip("/")


def _in_url(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104 -- everywhere is nowhere to go to
        return "localhost"
    return f"[{host}]" if ":" in host else host
