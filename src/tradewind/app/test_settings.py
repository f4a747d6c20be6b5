"""A bad setting is refused in words that help; a secret is never shown."""

from pathlib import Path

import pytest

from tradewind.app.settings import SettingError, Settings


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("PORT", "http", "TRADEWIND_PORT is 'http', but must be a port: a whole number from 0 to 65535"),
        ("PORT", "65536", "whole number from 0 to 65535"),
        ("PROVIDER_TIMEOUT_S", "soon", "number of seconds above 0"),
        ("PROVIDER_TIMEOUT_S", "nan", "number of seconds above 0"),
        ("SAGA_LEASE_S", "-1", "number of seconds above 0"),
        ("RESERVATION_TTL_S", "1.5", "whole number of seconds above 0"),
        ("ALLOCATION", "cheapest", "must be one of priority, nearest, fewest_parcels"),
        ("RATE_LIMITS", "maybe", "must be on or off"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,proxy", "addresses or networks with commas between"),
        ("PAYMENT_PROVIDER", "cash", "one of simulated, stripe, adyen, soap"),
        ("PAYMENT_PROVIDER", "stripe", "TRADEWIND_STRIPE_KEY is needed where payments go to stripe"),
        ("PAYMENT_PROVIDER", "adyen", "TRADEWIND_ADYEN_KEY is needed"),
        ("ADYEN_WEBHOOK_HMAC_KEYS", "44AA,not hexadecimal", "TRADEWIND_ADYEN_WEBHOOK_HMAC_KEYS must be keys in hexa"),
        ("SOAP_URL", "gateway", "must look like https://"),
        ("LOG_LEVEL", "loud", "one of debug, info, warning, error"),
        ("DATABASE_URL", "mysql://shop", "must look like postgresql://"),
        ("PROVIDER_URL", "provider.example", "must look like https://"),
        ("MQTT_URL", "http://broker.example", "must look like mqtt://"),
        ("MQTT_URL", "mqtt://", "must look like mqtt://"),
        ("MQTT_URL", "mqtt://broker.example?topic=x", "perhaps with .client=name"),
        ("MQTT_PORT", "mqtt", "whole number from 0 to 65535"),
        ("PUBLIC_URL", "ftp://shop.example", "must look like https://"),
        ("CLICKHOUSE_URL", "chdb://host/folder", "must look like https://"),
        ("RABBITMQ_URL", "mqtt://broker.example", "must look like amqp://"),
        ("RABBITMQ_URL", "amqp://", "must look like amqp://"),
        ("CLICKHOUSE_URL", "chdb:///", "must look like https://"),
    ],
)
def test_a_bad_value_is_refused_with_its_name_and_what_would_do(name: str, value: str, complaint: str) -> None:
    with pytest.raises(SettingError, match=complaint):
        Settings.from_environment({f"TRADEWIND_{name}": value})


def test_secrets_are_not_shown() -> None:
    with pytest.raises(SettingError) as refusal:
        Settings.from_environment({"TRADEWIND_DATABASE_URL": "mysql://shop:hunter2@host/shop"})
    assert "hunter2" not in str(refusal.value)
    with pytest.raises(SettingError) as refusal:
        Settings.from_environment({"TRADEWIND_MQTT_URL": "http://shop:hunter2@host"})
    assert "hunter2" not in str(refusal.value)
    secret = ("ADMIN_PASSWORD", "STRIPE_KEY", "STRIPE_WEBHOOK_SECRETS", "ADYEN_KEY")
    settings = Settings.from_environment(
        {
            "TRADEWIND_DATABASE_URL": "postgresql://shop:hunter2@host/shop",
            "TRADEWIND_ADYEN_WEBHOOK_HMAC_KEYS": "C0FFEE",
            **{f"TRADEWIND_{name}": "hunter2" for name in secret},
            "TRADEWIND_MQTT_URL": "mqtt://shop:hunter2@host",
        }
    )
    assert "hunter2" not in repr(settings)
    assert "C0FFEE" not in repr(settings)


def test_columns_are_on_a_server_or_in_a_folder_of_the_engine_in_this_process() -> None:
    for value in ("https://shop:secret@columns.example:8443", "chdb:///var/columns"):
        assert Settings.from_environment({"TRADEWIND_CLICKHOUSE_URL": value}).clickhouse_url == value


def test_everything_has_a_default() -> None:
    settings = Settings.from_environment({"TRADEWIND_PORT": " "})
    assert settings == Settings(home=Path.cwd() / ".tradewind", public_url="http://127.0.0.1:8000")


def test_the_public_address_follows_host_and_port_unless_it_is_named() -> None:
    def public_url(**environment: str) -> str:
        return Settings.from_environment({f"TRADEWIND_{name}": value for name, value in environment.items()}).public_url

    assert public_url(PORT="9000") == "http://127.0.0.1:9000"
    assert public_url(HOST="::1") == "http://[::1]:8000"
    assert public_url(HOST="0.0.0.0") == "http://localhost:8000"
    assert public_url(PUBLIC_URL="https://shop.example/") == "https://shop.example"
