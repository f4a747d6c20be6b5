"""What the owner of a shop can decide, read once from the environment; everything has a default that works."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from tradewind.app import setting_values as values
from tradewind.app.setting_values import Reader, SettingError

__all__ = ["ALLOCATIONS", "SettingError", "Settings"]

LOG_LEVELS: Final = ("debug", "info", "warning", "error")
PAYMENT_PROVIDERS: Final = ("simulated", "stripe", "adyen", "soap")
NEEDS: Final = {"stripe": ("stripe_key",), "adyen": ("adyen_key", "adyen_account")}
"""What each payment provider of the world asks for."""

ALLOCATIONS: Final = ("priority", "nearest", "fewest_parcels")

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
    adyen_reports_url: str | None = None
    """The folder of Adyen's settlement detail reports (https://ca-live.adyen.com/reports/download/MerchantAccount/…)."""
    adyen_report_key: str | None = field(default=None, repr=False)
    """The key of Adyen's report user; without one the API key."""
    adyen_first_batch: int = 1
    """The number of the first settlement batch that is of this shop."""
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
    grpc_port: int | None = None
    """The port on which other processes are answered over gRPC, at the same address; without one nobody is."""
    grpc_cert: Path | None = None
    """This process's certificate (PEM, a key of an elliptic curve); without one gRPC is for loopback alone."""
    grpc_key: Path | None = None
    """The key of this process's certificate (PEM)."""
    grpc_ca: Path | None = None
    """The authority whose certificates others must show (PEM)."""
    contexts: tuple[str, ...] = ()
    """Contexts that this process serves, with commas between; all without. `tradewind serve CONTEXT …` says it, too."""
    context_urls: tuple[str, ...] = ()
    """Where the gateway finds the contexts: context=http://host:port, with commas between."""
    inventory_url: str | None = None
    """Inventory in another process (grpc://host:port, or grpcs:// with certificates); without one it is in this one."""
    inventory_database_url: str | None = field(default=None, repr=False)
    """The database of an inventory that runs alone; without one it shares that of the others. `audit` reads all."""
    payments_url: str | None = None
    """Payments in another process (grpc://host:port, or grpcs:// with certificates), which has a database of its own;
    without one it is in this one."""
    payments_database_url: str | None = field(default=None, repr=False)
    """The database of payments that run alone; without one they share that of the others. `audit` reads all."""
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
    drain_s: float = 0.5
    """Seconds for which an edge that was told to stop is not ready any more, but answers whoever still comes."""
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
    redis_url: str | None = field(default=None, repr=False)
    """A Redis (redis://, rediss://) for what processes share; without one each has its own memory."""
    kafka_servers: str | None = None
    """Kafka brokers (host:port, with commas between) that carry the events; without them the log in Postgres does."""
    kafka_prefix: str = ""
    """What the names of topics and consumer groups begin with, where several shops share a Kafka."""
    connect_url: str | None = None
    """A Kafka Connect with Debezium that publishes the outbox; without one the shop's own relay publishes it."""
    schema_registry_url: str | None = field(default=None, repr=False)
    """A schema registry (Confluent's protocol; Apicurio: https://…/apis/ccompat/v7) that the events' schemas are in."""
    rabbitmq_url: str | None = field(default=None, repr=False)
    """A RabbitMQ (amqp://, amqps://) in which retries of webhooks wait; without one they wait in Postgres."""
    opensearch_url: str | None = field(default=None, repr=False)
    """An OpenSearch in which products, and orders by staff, are found; without one the home and Postgres have them."""
    cassandra_servers: str | None = None
    """Cassandra nodes (host:port,host:port) with customers' orders and the stock; without them Postgres has them."""
    cassandra_user: str | None = None
    """Whom Cassandra lets in, where it asks for a password."""
    cassandra_password: str | None = field(default=None, repr=False)
    """Their password."""
    mongodb_url: str | None = field(default=None, repr=False)
    """A MongoDB (mongodb://, mongodb+srv://) with what staff sees of messages; without one Postgres has it."""
    clickhouse_url: str | None = field(default=None, repr=False)
    """A ClickHouse for columns, https://user:password@host:8443; without one those are in a file of the home."""
    opa_url: str | None = None
    """An OPA server that decides by the shop's Rego files; without one each process decides by itself."""
    flags_file: Path | None = None
    """A file (TOML) of feature flags, read again when it changes; without one and without an Unleash defaults hold."""
    unleash_url: str | None = None
    """An Unleash (https://host, no /api) that says which feature flags are on."""
    unleash_token: str | None = field(default=None, repr=False)
    """What the Unleash knows the shop by: a client (backend) token of one environment."""
    oidc_issuer: str | None = None
    """An outside issuer of tokens (OpenID Connect, as Keycloak's https://host/realms/shop); they count as ours do."""
    oidc_audience: str = "tradewind"
    """What tokens of the outside issuer must be for; the client whose roles count there."""
    oidc_clients: tuple[str, ...] = ()
    """Clients of the outside issuer, with commas between, whose logouts it tells; else the audience is one."""
    oidc_roles: tuple[str, ...] = ()
    """Roles there and what they are here, like clerk=support,boss=admin; else those with the names of ours."""
    vault_url: str | None = None
    """A Vault (KV version 2) that holds settings which nobody may read; the environment goes before it."""
    vault_token: str | None = field(default=None, repr=False)
    """What the Vault knows the shop by: a token that may read the secret."""
    vault_path: str = "secret/tradewind"
    """The secret in the Vault, mount and name; its names are those of settings."""
    log_level: str = "info"
    """debug, info, warning or error."""
    log_folder: Path | None = None
    """A folder into which edge, worker and the other parts also write their log, for whoever ships it."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read every setting. Raises SettingError. An empty value counts as none."""
        read = Reader(environment)
        host = read("HOST", str, "127.0.0.1")
        port = read("PORT", values.port, 8000)
        found = cls(
            home=read("HOME", values.path, values.path(".tradewind")),
            database_url=read("DATABASE_URL", values.postgres, None),
            provider_url=read("PROVIDER_URL", values.web_address, None),
            **_of_payments(read),
            mqtt_url=read("MQTT_URL", values.broker, None),
            mqtt_host=read("MQTT_HOST", str, "127.0.0.1"),
            mqtt_port=read("MQTT_PORT", values.port, 0),
            host=host,
            port=port,
            **_of_grpc(read),
            **_of_contexts(read),
            public_url=read("PUBLIC_URL", values.web_address, None) or f"http://{values.in_url(host)}:{port}",
            admin_password=read("ADMIN_PASSWORD", str, None),
            provider_timeout_s=read("PROVIDER_TIMEOUT_S", values.seconds, 2.0),
            reservation_ttl_s=read("RESERVATION_TTL_S", values.whole_seconds, 900),
            allocation=read("ALLOCATION", values.one_of(*ALLOCATIONS), "priority"),
            cart_abandoned_after_s=read("CART_ABANDONED_AFTER_S", values.whole_seconds, 14_400),
            cart_expires_after_s=read("CART_EXPIRES_AFTER_S", values.whole_seconds, 2_592_000),
            saga_lease_s=read("SAGA_LEASE_S", values.seconds, 10.0),
            drain_s=read("DRAIN_S", values.seconds, 0.5),
            rate_limits=read("RATE_LIMITS", values.switch, True),
            trusted_proxies=read("TRUSTED_PROXIES", values.networks, ()),
            webhook_allow=read("WEBHOOK_ALLOW", values.networks, ()),
            **_of_carriers(read),
            emails_per_minute=read("EMAILS_PER_MINUTE", values.whole_number, 6_000),
            sms_per_minute=read("SMS_PER_MINUTE", values.whole_number, 600),
            pushes_per_minute=read("PUSHES_PER_MINUTE", values.whole_number, 6_000),
            ai_url=read("AI_URL", values.web_address, None),
            ai_key=read("AI_KEY", str, None),
            ai_model=read("AI_MODEL", str, "gpt-4.1-mini"),
            ai_meaning_model=read("AI_MEANING_MODEL", str, "text-embedding-3-small"),
            **_of_engines(read),
            **_of_flags(read),
            **_of_an_issuer(read),
            **_of_a_vault(read),
            log_level=read("LOG_LEVEL", values.one_of(*LOG_LEVELS), "info"),
            log_folder=read("LOG_FOLDER", values.path, None),
        )
        if len({found.grpc_cert is None, found.grpc_key is None, found.grpc_ca is None}) > 1:
            raise SettingError("TRADEWIND_GRPC_CERT, TRADEWIND_GRPC_KEY and TRADEWIND_GRPC_CA are set together")
        for need in NEEDS.get(found.payment_provider, ()):
            if getattr(found, need) is None:
                raise SettingError(f"TRADEWIND_{need.upper()} is needed where payments go to {found.payment_provider}")
        return found

    @staticmethod
    def of_a_vault(environment: Mapping[str, str]) -> tuple[str, str, str] | None:
        """Address, token and secret of the Vault that is named, before anything else is read. Raises SettingError."""
        found = _of_a_vault(Reader(environment))
        if found["vault_url"] is None:
            return None
        if found["vault_token"] is None:
            raise SettingError("TRADEWIND_VAULT_TOKEN is needed where TRADEWIND_VAULT_URL names a Vault")
        return found["vault_url"], found["vault_token"], found["vault_path"]

    @property
    def takes_payments_outside(self) -> bool:
        """Whether payments go to a provider of the world: then the home runs no simulated one."""
        return self.payment_provider in NEEDS

    @property
    def own_url(self) -> str:
        """Where this process itself answers over HTTP, wherever others reach the shop."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def _of_payments(read: Reader) -> dict[str, Any]:
    """Who moves the money, and how they know us."""
    return {
        "payment_provider": read("PAYMENT_PROVIDER", values.one_of(*PAYMENT_PROVIDERS), "simulated"),
        "stripe_key": read("STRIPE_KEY", str, None),
        "stripe_webhook_secrets": read("STRIPE_WEBHOOK_SECRETS", values.words, _NONE),
        "stripe_url": read("STRIPE_URL", values.web_address, None),
        "adyen_key": read("ADYEN_KEY", str, None),
        "adyen_account": read("ADYEN_ACCOUNT", str, None),
        "adyen_webhook_hmac_keys": read("ADYEN_WEBHOOK_HMAC_KEYS", values.hexadecimal, _NONE),
        "adyen_live_prefix": read("ADYEN_LIVE_PREFIX", str, None),
        "adyen_url": read("ADYEN_URL", values.web_address, None),
        "adyen_reports_url": read("ADYEN_REPORTS_URL", values.web_address, None),
        "adyen_report_key": read("ADYEN_REPORT_KEY", str, None),
        "adyen_first_batch": read("ADYEN_FIRST_BATCH", values.whole_number, 1),
        "soap_url": read("SOAP_URL", values.web_address, None),
    }


def _of_grpc(read: Reader) -> dict[str, Any]:
    """Where other processes ask, and what they and this one show each other."""
    return {
        "grpc_port": read("GRPC_PORT", values.port, None),
        "grpc_cert": read("GRPC_CERT", values.path, None),
        "grpc_key": read("GRPC_KEY", values.path, None),
        "grpc_ca": read("GRPC_CA", values.path, None),
    }


def _of_contexts(read: Reader) -> dict[str, Any]:
    """What runs in processes of its own, and where."""
    return {
        "contexts": read("CONTEXTS", values.words, _NONE),
        "context_urls": read("CONTEXT_URLS", values.named_addresses, _NONE),
        "inventory_url": read("INVENTORY_URL", values.grpc_address, None),
        "payments_url": read("PAYMENTS_URL", values.grpc_address, None),
        "inventory_database_url": read("INVENTORY_DATABASE_URL", values.postgres, None),
        "payments_database_url": read("PAYMENTS_DATABASE_URL", values.postgres, None),
    }


def _of_carriers(read: Reader) -> dict[str, Any]:
    """Who carries mails, texts, notes and parcels, and how they know us."""
    return {
        "smtp_url": read("SMTP_URL", values.mail_server, None),
        "mail_sender": read("MAIL_SENDER", values.mail_address, "shop@tradewind.localhost"),
        "texts_url": read("TEXTS_URL", values.web_address, None),
        "texts_key": read("TEXTS_KEY", str, None),
        "push_account": read("PUSH_ACCOUNT", values.path, None),
        "carrier_url": read("CARRIER_URL", values.web_address, None),
        "carrier_key": read("CARRIER_KEY", str, None),
        "carrier_secret": read("CARRIER_SECRET", str, None),
        "wms_url": read("WMS_URL", values.web_address, None),
        "wms_key": read("WMS_KEY", str, None),
        "return_address": read("RETURN_ADDRESS", values.lines, _RETURNS),
    }


def _of_engines(read: Reader) -> dict[str, Any]:
    """Engines of the owner's; without one of them the embedded one beside it is used."""
    return {
        "redis_url": read("REDIS_URL", values.address_of("redis", "rediss", example="redis://host:6379/0"), None),
        "kafka_servers": read("KAFKA_SERVERS", values.servers, None),
        "kafka_prefix": read("KAFKA_PREFIX", str, ""),
        "connect_url": read("CONNECT_URL", values.web_address, None),
        "schema_registry_url": read("SCHEMA_REGISTRY_URL", values.web_address, None),
        "rabbitmq_url": read("RABBITMQ_URL", values.message_broker, None),
        "opensearch_url": read("OPENSEARCH_URL", values.web_address, None),
        "cassandra_servers": read("CASSANDRA_SERVERS", values.servers, None),
        "cassandra_user": read("CASSANDRA_USER", str, None),
        "cassandra_password": read("CASSANDRA_PASSWORD", str, None),
        "mongodb_url": read(
            "MONGODB_URL", values.address_of("mongodb", "mongodb+srv", example="mongodb://host:27017"), None
        ),
        "clickhouse_url": read("CLICKHOUSE_URL", values.columns_address, None),
        "opa_url": read("OPA_URL", values.web_address, None),
    }


def _of_flags(read: Reader) -> dict[str, Any]:
    """Who says what is switched on: one of two, or nobody."""
    found = {
        "flags_file": read("FLAGS_FILE", values.path, None),
        "unleash_url": read("UNLEASH_URL", values.web_address, None),
        "unleash_token": read("UNLEASH_TOKEN", str, None),
    }
    if found["unleash_url"] and found["flags_file"]:
        raise SettingError("TRADEWIND_FLAGS_FILE and TRADEWIND_UNLEASH_URL both say what is switched on: set one")
    if found["unleash_url"] and not found["unleash_token"]:
        raise SettingError("TRADEWIND_UNLEASH_TOKEN is needed where TRADEWIND_UNLEASH_URL names an Unleash")
    return found


def _of_an_issuer(read: Reader) -> dict[str, Any]:
    """Who else issues tokens, and what of them is believed."""
    return {
        "oidc_issuer": read("OIDC_ISSUER", values.issuer, None),
        "oidc_audience": read("OIDC_AUDIENCE", str, "tradewind"),
        "oidc_clients": read("OIDC_CLIENTS", values.words, _NONE),
        "oidc_roles": read("OIDC_ROLES", values.pairs, _NONE),
    }


def _of_a_vault(read: Reader) -> dict[str, Any]:
    """Where secrets are kept, and how the shop is known there."""
    return {
        "vault_url": read("VAULT_URL", values.web_address, None),
        "vault_token": read("VAULT_TOKEN", str, None),
        "vault_path": read("VAULT_PATH", values.secret_path, "secret/tradewind"),
    }
