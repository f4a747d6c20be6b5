"""Engines that are asked over HTTP: OpenSearch, OPA, Kafka Connect, the payment provider."""

from typing import Any, Final

import aiohttp

from tradewind.app.doctor.finding import Finding, UnwellError
from tradewind.app.settings import Settings

OLDEST_OPENSEARCH: Final = 2
MAX_CONNECTORS: Final = 100


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


async def opa(settings: Settings) -> Finding:
    """Version, and whether it holds the shop's rules."""
    assert settings.opa_url
    held = await _json(f"{settings.opa_url}/v1/data/tradewind/authz/allow")
    if not isinstance(held.get("result"), bool):
        raise UnwellError("it holds no rules of the shop", "Run `tradewind policy push`.")
    about = await _json(f"{settings.opa_url}/v1/config")
    version = str(about.get("result", {}).get("labels", {}).get("version", ""))
    return Finding(engine="opa", well=True, version=version, detail="holds the rules")


async def connect(settings: Settings) -> Finding:
    """Version, and whether each task of each connector runs."""
    assert settings.connect_url
    about = await _json(settings.connect_url)
    found = await _json(f"{settings.connect_url}/connectors?expand=status")
    broken = [
        name
        for name, told in list(found.items())[:MAX_CONNECTORS]
        for part in (told["status"]["connector"], *told["status"]["tasks"])
        if part["state"] == "FAILED"
    ]
    if broken:
        advice = "See its trace at /connectors/<name>/status, mend the cause, then POST /connectors/<name>/restart."
        raise UnwellError(f"failed: {', '.join(sorted(set(broken)))}", advice)
    return Finding(engine="connect", well=True, version=str(about["version"]), detail=f"{len(found)} connectors")


async def payment_provider(settings: Settings) -> Finding:
    """Whether the owner's simulated or REST provider answers at all."""
    assert settings.provider_url
    async with aiohttp.ClientSession() as http, http.get(settings.provider_url) as answer:
        return Finding(engine="payment_provider", well=True, detail=f"answers ({answer.status})")
