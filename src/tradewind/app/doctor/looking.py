"""Looks at every engine at once, each for so long and no longer."""

import asyncio
from functools import partial
from typing import Final

from tradewind.app.doctor import messengers, stores, web
from tradewind.app.doctor.finding import Finding, Look, UnwellError
from tradewind.app.placement import MAY_BE_APART
from tradewind.app.settings import Settings

WITHIN_S: Final = 10.0
"""Longest look at one engine."""
LOOKS: Final[dict[str, tuple[str, Look]]] = {
    "database": ("database_url", stores.database),
    **{
        f"{one}_database": (f"{one}_database_url", partial(stores.database, engine=f"{one}_database"))
        for one in MAY_BE_APART
    },
    "redis": ("redis_url", stores.redis),
    "kafka": ("kafka_servers", stores.kafka),
    "connect": ("connect_url", web.connect),
    "schema_registry": ("schema_registry_url", web.schema_registry),
    "opensearch": ("opensearch_url", web.opensearch),
    "cassandra": ("cassandra_servers", stores.cassandra),
    "mongodb": ("mongodb_url", stores.mongodb),
    "clickhouse": ("clickhouse_url", web.clickhouse),
    "opa": ("opa_url", web.opa),
    "unleash": ("unleash_url", web.unleash),
    "identity_provider": ("oidc_issuer", web.identity_provider),
    "vault": ("vault_url", stores.vault),
    "mqtt": ("mqtt_url", messengers.mqtt),
    "rabbitmq": ("rabbitmq_url", messengers.rabbitmq),
    "smtp": ("smtp_url", messengers.smtp),
    "payment_provider": ("provider_url", web.payment_provider),
}
"""By engine: the setting that names it, and how one looks at it."""


async def look(settings: Settings) -> list[Finding]:
    """How every engine is that `settings` name. Never raises: an engine that cannot be asked is a finding."""
    named = [(engine, setting, one) for engine, (setting, one) in LOOKS.items() if getattr(settings, setting)]
    return list(await asyncio.gather(*(_look(settings, *one) for one in named)))


async def _look(settings: Settings, engine: str, setting: str, one: Look) -> Finding:
    try:
        async with asyncio.timeout(WITHIN_S):
            return await one(settings)
    except UnwellError as found:
        return Finding(engine=engine, well=False, detail=str(found), advice=found.advice)
    except TimeoutError:
        detail = f"no answer within {WITHIN_S:.0f} s"
    except Exception as error:
        detail = type(error).__name__  # not its words, which may hold a password
    advice = f"Is it up, and does TRADEWIND_{setting.upper()} hold its address, user and password?"
    return Finding(engine=engine, well=False, detail=detail, advice=advice)
