"""Questions to the provider, each with the key under which it may be asked as often as it takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import Answer, Approved, DeclineCode, Declined, PaymentProvider, Settled


@dataclass(frozen=True)
class Authorize:
    """Hold `amount`."""

    provider: PaymentProvider
    amount: Money
    method: str
    key: str
    reference: str

    async def send(self) -> Answer:
        """Ask the provider."""
        return await self.provider.authorize(self.amount, self.method, self.key, self.reference)


@dataclass(frozen=True)
class AskAgain:
    """Settle an authorization that may have been asked for before: what the provider has recorded is not asked anew."""

    first: Authorize

    async def send(self) -> Answer:
        """Look it up, and ask for it only where the provider knows nothing of it."""
        known = await self.first.provider.look_up(self.first.key)
        return await self.first.send() if known is None else known


@dataclass(frozen=True)
class Capture:
    """Take `amount` of what is held."""

    provider: PaymentProvider
    authorization_key: str
    amount: Money
    key: str

    async def send(self) -> Settled:
        """Ask the provider."""
        return await self.provider.capture(self.authorization_key, self.amount, self.key)


@dataclass(frozen=True)
class Refund:
    """Give `amount` back."""

    provider: PaymentProvider
    authorization_key: str
    amount: Money
    key: str

    async def send(self) -> Settled:
        """Ask the provider."""
        return await self.provider.refund(self.authorization_key, self.amount, self.key)


@dataclass(frozen=True)
class Cancelled:
    """What a cancellation came to: whether it took a refund, and whether the provider agreed."""

    refunded: bool
    answer: Settled


@dataclass(frozen=True)
class Cancel:
    """Let go of what is held; what turns out to be captured is given back whole (D6).

    A capture whose answer was lost shows here: the provider refuses the void, and the refund follows under its own key.
    What others' charges have paid is nothing to this one's provider: there may be nothing to ask. `taken`: it is
    captured already.
    """

    provider: PaymentProvider
    authorization_key: str
    amount: Money
    left: Money
    key: str
    taken: bool = False

    async def send(self) -> Cancelled:
        """Ask the provider, once or twice."""
        if self.amount.minor == 0 or (self.taken and self.left.minor == 0):
            return Cancelled(refunded=self.taken, answer=Approved(provider_id="free"))
        if self.left.minor == 0:
            answer = await self.provider.void(self.authorization_key, f"{self.key}/void")
            if not (isinstance(answer, Declined) and answer.code == DeclineCode.ALREADY_CAPTURED):
                return Cancelled(refunded=False, answer=answer)
        back = self.left if self.left.minor else self.amount
        return Cancelled(True, await self.provider.refund(self.authorization_key, back, f"{self.key}/refund"))


@dataclass(frozen=True)
class CancelAll:
    """Every payment of an order, by its id, each under a key of its own: parts that were let go stay so."""

    wishes: Mapping[UUID, Cancel]

    async def send(self) -> Mapping[UUID, Cancelled]:
        """Ask the provider for one after the other; raises Unavailable where one outcome is unknown."""
        return {order_id: await wish.send() for order_id, wish in self.wishes.items()}
