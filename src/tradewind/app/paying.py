"""Who moves the buyers' money, by the owner's settings. One of the world is loaded only when chosen."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Final

from tradewind.adapters.payment_provider.client import payment_provider
from tradewind.adapters.payment_provider.journaled.journal import Journal
from tradewind.adapters.payment_provider.notices import SimulatedNotices
from tradewind.adapters.payment_provider.settlements import settlement_reports
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.contexts.payments.manifest import FallbackProvider, StoredRoutes
from tradewind.contracts.privacy import Pseudonyms
from tradewind.ports.payment_provider import NoticeReader, NoticeReaders, PaymentProvider
from tradewind.ports.settlements import SettlementReports
from tradewind.runtime.database import Database

GATEWAY: Final = "/soap"
"""Below it the simulated provider plays the legacy gateway: its SOAP at /soap/payment, its books at /soap/v1/ledger."""
SIMULATED: Final = "simulated"
"""What the simulated payment provider is called in the address at which its notices arrive."""
Paying = tuple[PaymentProvider, NoticeReader]


def gateway_url(settings: Settings, engines: Engines) -> str:
    """Where the legacy gateway answers SOAP."""
    return settings.soap_url or f"{engines.provider_url}{GATEWAY}/payment"


def plays_gateway(settings: Settings) -> bool:
    """Whether the legacy gateway is the simulated provider's part, and no owner's own."""
    return settings.soap_url is None and not settings.takes_payments_outside


def gateway_books(settings: Settings, engines: Engines) -> str | None:
    """Where the legacy gateway tells its ledger; None where payments are never taken to one."""
    if settings.takes_payments_outside or (settings.payment_provider != "soap" and settings.provider_url is not None):
        return None
    return gateway_url(settings, engines).removesuffix("/payment")


def notice_secret(pseudonyms: Pseudonyms) -> str:
    """What the simulated provider signs its notices to this home with."""
    return pseudonyms.of("the simulated payment provider's notices")


@asynccontextmanager
async def paying(
    settings: Settings, engines: Engines, db: Database, pseudonyms: Pseudonyms
) -> AsyncIterator[dict[type, object]]:
    """The payment provider and who reads its notices, open for as long as the context."""
    name = settings.payment_provider
    async with AsyncExitStack() as stack:
        match name:
            case "stripe":
                provider, reader = await _stripe(settings, engines, stack)
            case "adyen":
                provider, reader = await _adyen(settings, engines, stack)
            case _:
                provider, reader = (
                    await _simulated(settings, engines, db, stack),
                    SimulatedNotices(notice_secret(pseudonyms)),
                )
                name = SIMULATED
        reports = await stack.enter_async_context(_reports(settings, engines))
        yield {
            PaymentProvider: provider,
            NoticeReaders: NoticeReaders({name: reader}),
            SettlementReports: reports,
        }


def _reports(settings: Settings, engines: Engines) -> AbstractAsyncContextManager[SettlementReports]:
    """What the provider says that it settled; of Adyen only where its reports are said to be."""
    if settings.payment_provider == "stripe":
        from tradewind.adapters.payment_provider.stripe.settlements import stripe_settlements

        assert settings.stripe_key is not None, "the settings ask for it"
        return stripe_settlements(
            secret_key=settings.stripe_key, timeout_s=settings.provider_timeout_s, api_base=settings.stripe_url
        )
    if settings.payment_provider == "adyen" and settings.adyen_reports_url is not None:
        from tradewind.adapters.payment_provider.adyen.settlements import adyen_settlements

        key = settings.adyen_report_key or settings.adyen_key
        assert key is not None, "the settings ask for it"
        assert settings.adyen_account is not None, "the settings ask for it"
        return adyen_settlements(settings.adyen_reports_url, key, settings.adyen_account, settings.adyen_first_batch)
    return settlement_reports(_settling(settings, engines))


def _settling(settings: Settings, engines: Engines) -> dict[str, str]:
    """Where those tell what they settled who speak our wire."""
    if settings.takes_payments_outside:
        return {}
    gateway = gateway_books(settings, engines)
    return {SIMULATED: engines.provider_url} | ({} if gateway is None else {"soap": gateway})


async def _simulated(settings: Settings, engines: Engines, db: Database, stack: AsyncExitStack) -> PaymentProvider:
    timeout_s = settings.provider_timeout_s
    rest = await stack.enter_async_context(payment_provider(engines.provider_url, timeout_s=timeout_s))
    if settings.payment_provider != "soap":
        return rest
    from tradewind.adapters.payment_provider.soap.client import soap_payment_provider

    client = soap_payment_provider(gateway_url(settings, engines), timeout_s=timeout_s)
    return FallbackProvider(await stack.enter_async_context(client), rest, StoredRoutes(db))


async def _stripe(settings: Settings, engines: Engines, stack: AsyncExitStack) -> Paying:
    from tradewind.adapters.payment_provider.stripe.api import stripe_provider
    from tradewind.adapters.payment_provider.stripe.notices import StripeNotices

    assert settings.stripe_key is not None, "the settings ask for it"
    journal = await stack.enter_async_context(Journal.open(engines.database_url))
    client = stripe_provider(
        journal,
        secret_key=settings.stripe_key,
        return_url=settings.public_url,
        timeout_s=settings.provider_timeout_s,
        api_base=settings.stripe_url,
    )
    return await stack.enter_async_context(client), StripeNotices(*settings.stripe_webhook_secrets)


async def _adyen(settings: Settings, engines: Engines, stack: AsyncExitStack) -> Paying:
    from tradewind.adapters.payment_provider.adyen.api import adyen_provider
    from tradewind.adapters.payment_provider.adyen.notices import AdyenNotices

    assert settings.adyen_key is not None, "the settings ask for it"
    assert settings.adyen_account is not None, "the settings ask for it"
    journal = await stack.enter_async_context(Journal.open(engines.database_url))
    client = adyen_provider(
        journal,
        api_key=settings.adyen_key,
        merchant_account=settings.adyen_account,
        return_url=settings.public_url,
        timeout_s=settings.provider_timeout_s,
        live_prefix=settings.adyen_live_prefix,
        api_base=settings.adyen_url,
    )
    reader = AdyenNotices(journal, settings.adyen_account, *settings.adyen_webhook_hmac_keys)
    return await stack.enter_async_context(client), reader
