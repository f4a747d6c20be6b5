"""Schemas in a registry: what is registered, what is refused, and what a registry's own rules would have made of it."""

import copy
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

from tests.engines import address
from tradewind.adapters.log.kafka.registry import Registry, RegistryAway, RegistryRefuses
from tradewind.app.doctor.looking import look
from tradewind.app.free_ports import free_port
from tradewind.app.settings import Settings
from tradewind.contracts.envelope import EVENTS
from tradewind.contracts.published import published
from tradewind.kernel.ids import new_id

CANCELED = "ecommerce.order.order.canceled.v1"
CREATED = "ecommerce.order.order.created.v1"
TWO = {name: published()[name] for name in (CANCELED, CREATED)}
HOST = "127.0.0.1"


@pytest.fixture
def prefix() -> str:
    """A shop's of its own in the registry of all."""
    return f"{new_id()}."


@pytest.fixture
def url() -> str:
    """Where the registry is."""
    return address("SCHEMA_REGISTRY_URL")


def changed(name: str, **fields: Any) -> dict[str, Any]:
    """The schemas of two events, one of them with other `fields`; without those that are None."""
    schemas = copy.deepcopy(TWO)
    properties = schemas[name]["properties"] | fields
    schemas[name]["properties"] = {field: kind for field, kind in properties.items() if kind is not None}
    return schemas


def test_what_is_published_is_every_event_and_the_envelope() -> None:
    assert set(published()) == {*EVENTS, "envelope"}


@pytest.mark.engine("registry")
async def test_each_schema_is_registered_once_however_often_it_is_published(url: str, prefix: str) -> None:
    registry = Registry(url, prefix)
    assert await registry.lacks(published()) == list(published())
    first = await registry.publish(published())
    assert {(one.subject, one.version, one.is_new) for one in first} == {
        (prefix + name, 1, True) for name in published()
    }
    again = await registry.publish(published())
    assert [(one.subject, one.version, one.id) for one in again] == [
        (one.subject, one.version, one.id) for one in first
    ]
    assert not any(one.is_new for one in again)
    assert await registry.lacks(published()) == []
    kept = SchemaRegistryClient({"url": url}).get_latest_version(prefix + CANCELED).schema
    assert (msgspec.json.decode(kept.schema_str), kept.schema_type) == (published()[CANCELED], "JSON")


@pytest.mark.engine("registry")
async def test_a_field_more_is_a_new_version_and_the_release_before_still_finds_its_own(url: str, prefix: str) -> None:
    registry, more = Registry(url, prefix), changed(CANCELED, agent={"type": "string"})
    await registry.publish(TWO)
    assert [(one.version, one.is_new) for one in await registry.publish(more)] == [(2, True), (1, False)]
    assert [(one.version, one.is_new) for one in await registry.publish(TWO)] == [(1, False), (1, False)]
    assert await registry.lacks(more) == []


@pytest.mark.engine("registry")
async def test_a_schema_that_says_less_is_refused_and_none_of_its_release_is_registered(url: str, prefix: str) -> None:
    registry = Registry(url, prefix)
    await registry.publish(TWO)
    bad = changed(CANCELED, reason=None) | {CREATED: changed(CREATED, agent={"type": "string"})[CREATED]}
    with pytest.raises(RegistryRefuses) as refused:
        await registry.publish(bad)
    assert f"{CANCELED}.json: /reason is gone or was renamed" in str(refused.value)
    assert "ecommerce.order.order.canceled.v2" in str(refused.value)
    assert await registry.lacks(bad) == [CANCELED, CREATED]


@pytest.mark.engine("registry")
async def test_a_registry_that_would_refuse_more_is_told_that_we_asked_already(url: str, prefix: str) -> None:
    """As it is where whoever published first died between registering and telling, and where others set a level."""
    client, subject = SchemaRegistryClient({"url": url}), prefix + CANCELED
    level = {"$schema": "http://json-schema.org/draft-07/schema#"}  # by a later one some registries refuse all
    was, more = TWO[CANCELED] | level, changed(CANCELED, agent={"type": "string"})[CANCELED] | level
    client.register_schema(subject, Schema(msgspec.json.encode(was).decode(), "JSON"))
    client.set_compatibility(subject, "BACKWARD")
    assert client.test_compatibility(subject, Schema(msgspec.json.encode(more).decode(), "JSON")) is False
    (made,) = await Registry(url, prefix).publish({CANCELED: more})
    assert (made.version, made.is_new) == (2, True)


@pytest.mark.engine("registry")
def test_the_commands_publish_and_say_what_is_lacking(url: str, prefix: str) -> None:
    assert told("status", url, prefix) == (1, {"published": 0, "lacks": list(published())})
    code, registered = told("publish", url, prefix)
    assert (code, len(registered)) == (0, len(published()))
    assert told("status", url, prefix) == (0, {"published": len(published()), "lacks": []})


def told(command: str, url: str, prefix: str) -> tuple[int, Any]:
    """How `tradewind schemas <command> --json` ended, and what it said."""
    environment = {**os.environ, "TRADEWIND_SCHEMA_REGISTRY_URL": url, "TRADEWIND_KAFKA_PREFIX": prefix}
    argv = [sys.executable, "-m", "tradewind.app.cli", "schemas", command, "--json"]
    done = subprocess.run(argv, env=environment, capture_output=True, check=False)
    return done.returncode, msgspec.json.decode(done.stdout)


@pytest.mark.engine("registry")
async def test_the_doctor_says_what_a_registry_lacks_and_that_one_is_well(url: str, prefix: str) -> None:
    settings = replace(Settings(home=Path("/nowhere")), schema_registry_url=url, kafka_prefix=prefix)
    (found,) = await look(settings)
    assert (found.engine, found.well) == ("schema_registry", False)
    assert f"it lacks {len(published())} of {len(published())} schemas" in found.detail
    assert "tradewind schemas publish" in found.advice
    await Registry(url, prefix).publish(published())
    (found,) = await look(settings)
    assert found.well, found


@pytest.mark.engine("registry")
async def test_an_address_that_is_not_of_the_api_is_told(url: str) -> None:
    with pytest.raises(RegistryRefuses, match="does the address name its API"):
        await Registry(url.replace("/apis/", "/nowhere/")).publish(TWO)


async def test_a_registry_that_is_away_is_told() -> None:
    with pytest.raises(RegistryAway):
        await Registry(f"http://{HOST}:{free_port(HOST)}").lacks(TWO)
