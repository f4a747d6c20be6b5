"""What a shop says once it serves: where it is, who its administrator is, and a line that places an order."""

from tradewind.app.sample import SAMPLE_SKU
from tradewind.app.settings import Settings


def welcome(settings: Settings, password: str | None, *, sample: bool) -> str:
    """The addresses, the first password where it was made up, and commands to copy."""
    base = f"http://{settings.host}:{settings.port}"
    lines = [
        "",
        f"  Tradewind serves   {base}",
        f"  API, to browse     {base}/docs",
        f"  OpenAPI 3.1        {base}/openapi.json",
        f"  Health, metrics    {base}/health/ready   {base}/metrics",
        f"  Home               {settings.home}",
        f"  Mails it sent      {settings.home / 'mail'}",
    ]
    if password:
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
