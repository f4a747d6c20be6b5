"""Engines that are asked over HTTP: OpenSearch, ClickHouse, OPA, Kafka Connect, an issuer, the payment provider."""

from typing import Any, Final
from urllib.parse import unquote, urlsplit

import aiohttp
import msgspec

from tradewind.app.doctor.finding import Finding, UnwellError
from tradewind.app.settings import Settings
from tradewind.contracts.published import published
from tradewind.ports.flags import FLAGS

OLDEST_OPENSEARCH: Final = 2
OLDEST_CLICKHOUSE: Final = (23, 2)
"""Since then every table of a question can be read as `final`."""
VERSION: Final = "SELECT version()"
NOT_LET_IN: Final = frozenset({401, 403, 516})
MAX_ANSWER_BYTES: Final = 4_096
MAX_CONNECTORS: Final = 100
IDLE: Final = frozenset({"PAUSED", "STOPPED", "UNASSIGNED"})
"""States of a connector that nothing is wrong with, and that does nothing."""


async def _json(url: str) -> Any:
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        if answer.status != 200:
            raise UnwellError(
                f"it answers with {answer.status}", "Look into its log; is the address that of the engine?"
            )
        return await answer.json(content_type=None)


async def opensearch(settings: Settings) -> Finding:
    """Version, and the health of its indices."""
    assert settings.opensearch_url
    about = await _json(settings.opensearch_url)
    version = str(about["version"]["number"])
    if int(version.partition(".")[0]) < OLDEST_OPENSEARCH:
        raise UnwellError(f"it is {version}", f"OpenSearch {OLDEST_OPENSEARCH} or newer is needed.")
    health = await _json(f"{settings.opensearch_url}/_cluster/health")
    if health["status"] == "red":
        raise UnwellError("some of its indices have no primary", "Delete what is red: the shop builds its index anew.")
    return Finding(engine="opensearch", well=True, version=version, detail=f"{health['status']}")


async def clickhouse(settings: Settings) -> Finding:
    """Version, and whether its user is let in; of the engine in this process (chdb://) there is nothing to ask."""
    assert settings.clickhouse_url
    parts = urlsplit(settings.clickhouse_url)
    if parts.scheme == "chdb":
        return Finding(engine="clickhouse", well=True, detail="in the process of the shop")
    user = aiohttp.encode_basic_auth(unquote(parts.username or "default"), unquote(parts.password or ""))
    url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    headers, question = {"Authorization": user}, {"query": VERSION}
    async with aiohttp.ClientSession(headers=headers) as http, http.get(f"{url}/", params=question) as answer:
        said = (await answer.content.read(MAX_ANSWER_BYTES)).decode(errors="replace").strip()
    if answer.status in NOT_LET_IN:
        raise UnwellError("it does not let its user in", "Set user and password in TRADEWIND_CLICKHOUSE_URL.")
    if answer.status != 200 or not said[:1].isdecimal():
        raise UnwellError(f"it answers with {answer.status}", "Look into its log; is the address that of the engine?")
    if tuple(int(one) for one in said.split(".")[:2]) < OLDEST_CLICKHOUSE:
        oldest = ".".join(map(str, OLDEST_CLICKHOUSE))
        raise UnwellError(f"it is {said}", f"ClickHouse {oldest} or newer is needed.")
    return Finding(engine="clickhouse", well=True, version=said)


async def opa(settings: Settings) -> Finding:
    """Version, and whether it holds the shop's rules."""
    assert settings.opa_url
    held = await _json(f"{settings.opa_url}/v1/data/tradewind/authz/allow")
    if not isinstance(held.get("result"), bool):
        raise UnwellError("it holds no rules of the shop", "Run `tradewind policy push`.")
    about = await _json(f"{settings.opa_url}/v1/config")
    version = str(about.get("result", {}).get("labels", {}).get("version", ""))
    return Finding(engine="opa", well=True, version=version, detail="holds the rules")


async def unleash(settings: Settings) -> Finding:
    """Whether it takes the token, and which of our flags it does not have: their defaults hold."""
    from tradewind.adapters.flags.unleash import UnleashError, ask, toggles

    assert settings.unleash_url
    async with aiohttp.ClientSession() as http:
        try:
            body, _ = await ask(http, settings.unleash_url, settings.unleash_token or "")
            held = toggles(body or b"")
        except UnleashError as reason:
            advice = "Is it up at TRADEWIND_UNLEASH_URL, and is TRADEWIND_UNLEASH_TOKEN a client (backend) token of it?"
            raise UnwellError(str(reason), advice) from None
    lacks = [flag.name for flag in FLAGS if flag.name not in held]
    detail = f"lacks {', '.join(lacks)}: the defaults hold" if lacks else "has every flag of the shop"
    return Finding(engine="unleash", well=True, detail=detail)


async def connect(settings: Settings) -> Finding:
    """Version, whether each task of each connector runs, and whether the shop's own are there and at work.

    Without them nothing is published, and `serve` registers none. Where no database is named that they could read,
    that is said, and no more.
    """
    from tradewind.adapters.log.kafka.connectors import called
    from tradewind.adapters.log.kafka.topics import Names

    assert settings.connect_url
    about = await _json(settings.connect_url)
    told = await _json(f"{settings.connect_url}/connectors?expand=status")
    found = {name: _states(one["status"]) for name, one in told.items()}
    if broken := [name for name, states in list(found.items())[:MAX_CONNECTORS] if "FAILED" in states]:
        advice = "See its trace at /connectors/<name>/status, mend the cause, then POST /connectors/<name>/restart."
        raise UnwellError(f"failed: {', '.join(sorted(broken))}", advice)
    ours = called(Names(settings.kafka_prefix))
    if idle := [f"{one} is {state}" for one in ours for state in sorted(found.get(one, set()) & IDLE)]:
        advice = "PUT /connectors/<name>/resume; where it is UNASSIGNED, look whether Connect's workers are up."
        raise UnwellError(f"publishes nothing: {', '.join(idle)}", advice)
    missing = [one for one in ours if one not in found]
    if missing and settings.database_url:
        raise UnwellError(f"not registered: {', '.join(missing)}", "Run `tradewind connect register`.")
    detail = f"{len(found)} connectors" + (f", not registered: {', '.join(missing)}" if missing else "")
    return Finding(engine="connect", well=True, version=str(about["version"]), detail=detail)


def _states(status: Any) -> set[str]:
    """What a connector and its tasks are doing; one that has no task has nobody who works for it."""
    states = {part["state"] for part in (status["connector"], *status["tasks"])}
    return states if status["tasks"] or states & {*IDLE, "FAILED"} else {"UNASSIGNED"}


async def schema_registry(settings: Settings) -> Finding:
    """Whether it has the schema of every event that this release tells."""
    from tradewind.adapters.log.kafka.registry import Registry, RegistryAway, RegistryRefuses

    assert settings.schema_registry_url
    schemas = published()
    try:
        lacks = await Registry(settings.schema_registry_url, settings.kafka_prefix).lacks(schemas)
    except (RegistryAway, RegistryRefuses) as reason:
        raise UnwellError(str(reason), "Is it up, and is TRADEWIND_SCHEMA_REGISTRY_URL where its API is?") from None
    if lacks:
        advice = "Run `tradewind schemas publish` before a release is started."
        raise UnwellError(f"it lacks {len(lacks)} of {len(schemas)} schemas, {lacks[0]} first", advice)
    return Finding(engine="schema_registry", well=True, detail=f"has all {len(schemas)} schemas")


async def identity_provider(settings: Settings) -> Finding:
    """Whether it is the issuer that it was said to be, and has keys that verify tokens here."""
    from tradewind.adapters.identity_provider.oidc import DISCOVERY, keys_in

    assert settings.oidc_issuer
    about = await _json(settings.oidc_issuer.rstrip("/") + DISCOVERY)
    if about.get("issuer") != settings.oidc_issuer:
        advice = "Its tokens say what it says: put exactly that into TRADEWIND_OIDC_ISSUER, or set its public address."
        raise UnwellError(f"it calls itself {about.get('issuer')!s:.200}", advice)
    keys = keys_in(msgspec.json.encode(await _json(str(about.get("jwks_uri")))))
    if not keys:
        advice = "Give it an active key of RSA (2048 bits or more, RS256 or PS256) or of ES256, ES384 or ES512."
        raise UnwellError("it has no key that verifies tokens here", advice)
    return Finding(engine="identity_provider", well=True, detail=f"keys: {len(keys)}")


async def payment_provider(settings: Settings) -> Finding:
    """Whether the owner's simulated or REST provider answers at all."""
    assert settings.provider_url
    async with aiohttp.ClientSession() as http, http.get(settings.provider_url) as answer:
        return Finding(engine="payment_provider", well=True, detail=f"answers ({answer.status})")
