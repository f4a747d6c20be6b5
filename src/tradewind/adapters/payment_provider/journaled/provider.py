"""The port `PaymentProvider` around a provider's `Api`: the journal first, then the rules, then the provider."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from tradewind.adapters.payment_provider.journaled.api import Api, Asked, Family, Wish, unknown
from tradewind.adapters.payment_provider.journaled.journal import Journal
from tradewind.adapters.payment_provider.journaled.rules import decided, declined
from tradewind.kernel.errors import Invalid
from tradewind.kernel.money import MAX_MINOR, Money
from tradewind.ports.payment_provider import ActionRequired, Answer, Approved, DeclineCode, Settled

MAX_TEXT: Final = 255
MAX_CALLS: Final = 2_048
"""Calls under way; one more is refused at once."""
NOTHING: Final = Money(0, "")
_CURRENCY = re.compile("[A-Z]{3}")


class JournaledProvider:
    """See the port. `timeout_s` bounds what one call waits for the provider, however many questions that takes."""

    def __init__(self, api: Api, journal: Journal, *, timeout_s: float) -> None:
        self._api = api
        self._journal = journal
        self._timeout_s = timeout_s
        self._under_way: dict[str, tuple[Wish, asyncio.Task[Answer]]] = {}

    async def authorize(self, amount: Money, method: str, key: str, reference: str) -> Answer:
        """Hold `amount`; see the port."""
        wish = Wish(verb="authorize", key=key, authorization_key=key, amount=amount, method=method, reference=reference)
        _refuse_nonsense(wish, method, reference)
        return await self._join(wish)

    async def capture(self, authorization_key: str, amount: Money, key: str) -> Settled:
        """Take `amount` of what is held; see the port."""
        wish = Wish(verb="capture", key=key, authorization_key=authorization_key, amount=amount)
        _refuse_nonsense(wish, authorization_key)
        return _settled(wish, await self._join(wish))

    async def void(self, authorization_key: str, key: str) -> Settled:
        """Let go of what is held; see the port."""
        wish = Wish(verb="void", key=key, authorization_key=authorization_key, amount=NOTHING)
        _refuse_nonsense(wish, authorization_key)
        return _settled(wish, await self._join(wish))

    async def refund(self, authorization_key: str, amount: Money, key: str) -> Settled:
        """Give `amount` back; see the port."""
        wish = Wish(verb="refund", key=key, authorization_key=authorization_key, amount=amount)
        _refuse_nonsense(wish, authorization_key)
        return _settled(wish, await self._join(wish))

    async def look_up(self, key: str) -> Answer | None:
        """What became of the call with this key; see the port.

        A refund that was accepted may still fail at the bank, so that it is seen afresh.
        """
        asked = await self._journal.find(key)
        if asked is None or asked.refused or (asked.approved and asked.wish.verb != "refund"):
            return None if asked is None else asked.answer
        of = asked
        if asked.wish.verb != "authorize":
            of = (await self._journal.family(asked.wish.authorization_key)).of or asked
        async with _patience(asked.wish, self._timeout_s):
            seen = await self._api.see(asked, of)
        if seen is None:
            return asked.answer
        if asked.approved and not isinstance(seen, Approved):
            await self._journal.correct(key, seen)
            return seen
        return await self._journal.settle(key, seen)

    async def close(self) -> None:
        """Let go of what is still under way; its outcome is found by its key."""
        tasks = [task for _, task in self._under_way.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _join(self, wish: Wish) -> Answer:
        """One question at a time for each key of this process; who goes away leaves the answer to the journal."""
        same, task = self._under_way.get(wish.key, (wish, None))
        if task is not None and same == wish:
            return await asyncio.shield(task)
        if task is not None:
            await asyncio.wait([task])
        if len(self._under_way) >= MAX_CALLS:
            raise unknown(wish, "too many calls are waiting")
        task = asyncio.create_task(self._ask(wish))
        self._under_way[wish.key] = (wish, task)
        task.add_done_callback(lambda done: self._forget(wish.key, done))
        return await asyncio.shield(task)

    def _forget(self, key: str, done: "asyncio.Task[Answer]") -> None:
        if (known := self._under_way.get(key)) is not None and known[1] is done:
            del self._under_way[key]
        if not done.cancelled():
            done.exception()  # whoever still waited for it has it

    async def _ask(self, wish: Wish) -> Answer:
        asked, family = await self._journal.note(wish)
        if asked.answer is not None and asked.settled:
            return asked.answer
        async with _patience(wish, self._timeout_s):
            family = await self._know(asked, family)
            answer = decided(asked, family) or await self._put(asked, family)
        if wish.verb == "void" and isinstance(answer, Approved) and family.of is not None:
            await self._journal.settle(family.of.wish.key, declined(DeclineCode.VOIDED))
        return await self._journal.settle(wish.key, answer)

    async def _know(self, asked: Asked, family: Family) -> Family:
        """Learn what became of earlier wishes, as far as the answer to this one depends on it."""
        of = family.of
        if of is None or asked.wish.verb == "authorize":
            return family
        open_ones = [one for one in family.all("capture") if not one.settled and asked.wish.verb != "capture"]
        if not of.settled and asked.wish.verb != "void":
            open_ones.insert(0, of)
        for one in open_ones:
            if (answer := await self._api.find_out(one, of)) is not None:
                await self._journal.settle(one.wish.key, answer)
            elif one is of or asked.wish.verb == "refund":
                raise unknown(asked.wish, "it depends on another call whose outcome is unknown")
        return await self._journal.family(asked.wish.authorization_key) if open_ones else family

    async def _put(self, asked: Asked, family: Family) -> Answer:
        of = family.of or asked
        match asked.wish.verb:
            case "authorize":
                return await self._api.authorize(asked)
            case "capture":
                return await self._api.capture(asked, of)
            case "void":
                return await self._api.void(asked, of)
            case "refund":
                return await self._api.refund(asked, of)


@asynccontextmanager
async def _patience(wish: Wish, seconds: float) -> AsyncIterator[None]:
    """A deadline; when it has passed, nobody knows the outcome."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as late:
        raise unknown(wish, "TimeoutError") from late


def _settled(wish: Wish, answer: Answer) -> Settled:
    if isinstance(answer, ActionRequired):
        raise unknown(wish, "the buyer was asked to confirm what is no authorization")
    return answer


def _refuse_nonsense(wish: Wish, *texts: str) -> None:
    amount = wish.amount
    money = wish.verb == "void" or (0 < amount.minor <= MAX_MINOR and _CURRENCY.fullmatch(amount.currency))
    if not money or not all(0 < len(text) <= MAX_TEXT and "\0" not in text for text in (wish.key, *texts)):
        raise Invalid("The payment provider does not understand the request.", operation=wish.verb, key=wish.key)
