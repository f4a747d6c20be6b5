"""What a shop says once it serves: where it is, who its administrator is, and a line that places an order."""

from typing import Self
from urllib.parse import urlsplit

from msgspec import Struct

from tradewind.app.settings import Settings
from tradewind.app.told import SAMPLE_SKU


class Served(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Where everything is: what `serve --json` prints. `mqtt_url` lets sensors in; there where the broker is ours.

    `mqtt_broker`: where it is, where inventory is served; `contexts`: those that are, where not all are.
    `admin_password`: where it was made up by this very start. `mail_server`: who carries mails, where they are not put
    into a folder of the home.
    """

    url: str
    home: str
    mqtt_broker: str = ""
    contexts: tuple[str, ...] = ()
    mqtt_url: str | None = None
    admin_password: str | None = None
    mail_server: str = ""

    @classmethod
    def of(cls, settings: Settings, sensors: str | None, password: str | None) -> Self:
        """Of a shop with these settings, and a broker that lets sensors in at the address `sensors`."""
        return cls(
            url=settings.own_url,
            home=str(settings.home),
            mqtt_broker=_shown(sensors or settings.mqtt_url),
            contexts=settings.contexts,
            mqtt_url=sensors,
            admin_password=password,
            mail_server=_shown(settings.smtp_url),
        )


def _shown(url: str | None) -> str:
    """Where it is, without who is let in."""
    at = urlsplit(url or "")
    return f"{at.scheme}://{at.netloc.rpartition('@')[2]}" if at.netloc else ""


def welcome(served: Served, *, sample: bool) -> str:
    """The addresses, the first password where it was made up, and commands to copy."""
    base, home = served.url, served.home
    if served.contexts:
        return f"Serving {', '.join(served.contexts)} at {base}"
    lines = [
        "",
        f"  Tradewind serves   {base}",
        f"  API, to browse     {base}/docs",
        f"  OpenAPI 3.1        {base}/openapi.json",
        f"  Health, metrics    {base}/health/ready   {base}/metrics",
        f"  Sensors (MQTT)     {served.mqtt_url or served.mqtt_broker}",
        f"  Home               {home}",
        f"  Mails go to        {served.mail_server}" if served.mail_server else f"  Mails it sent      {home}/mail",
    ]
    if password := served.admin_password:
        lines += ["", f"  Administrator      admin@localhost   password {password}   (shown once; keep it)"]
    if sample:
        lines += ["", "  Place an order:", "", *(f"  {line}" for line in order_lines(base))]
    return "\n".join([*lines, ""])


def order_lines(base: str) -> list[str]:
    """Shell lines that buy the sample product as a guest."""
    return [
        f'TOKEN=$(curl -sX POST {base}/api/v1/auth/guest | sed \'s/.*"access_token":"\\([^"]*\\)".*/\\1/\')',
        f'curl -sX POST {base}/api/v1/orders -H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: first-order" \\',
        "  -H 'Content-Type: application/json' -H 'Prefer: wait=5' \\",
        f'  -d \'{{"items": [{{"sku": "{SAMPLE_SKU}", "qty": 1}}], "paymentMethod": "simulated:approve"}}\'',
    ]
