"""How payments answers the order saga: authorize, capture and cancel as remote operations, booked in batches."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from tradewind.contexts.payments._domain.payment import Payment, Status
from tradewind.contexts.payments._domain.settings import BY_HAND_LOOK_S, CHALLENGE_PATIENCE_S, LOOK_AGAIN_S
from tradewind.contexts.payments._domain.wishes import AskAgain, Authorize, Cancel, CancelAll, Cancelled, Capture
from tradewind.contexts.payments._store import challenges, methods, payments, prepaid
from tradewind.contracts.outcomes import Done, Failed, Outcome, Refused, Waiting
from tradewind.contracts.payers import SAVED
from tradewind.contracts.payments import Charge, Operation, Wish
from tradewind.kernel.cards import CardNumberRefused, holds_card_number
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import ActionRequired, Answer, Approved, NoticeReaders, PaymentProvider, Settled
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import planted
from tradewind.runtime.saga.definition import Task

NOT_KEPT: Final = Refused("the saved payment method is not kept any more")
Answered = Sequence[tuple[Task, Any]]
Moves = list[tuple[Task, Payment, Any]]


class Payments:
    """Answers to contracts.payments.PaymentsPeer and PaymentsHere."""

    @property
    def authorize(self) -> Operation:
        """Hold the money. Prepared by `open`."""
        return _Authorize()

    @property
    def capture(self) -> Operation:
        """Take the money that is held."""
        return _Capture()

    @property
    def cancel(self) -> Operation:
        """Let go of what is held; give back what was taken."""
        return _Cancel()

    async def open(self, tx: Tx, charges: Sequence[tuple[Task, Charge]]) -> Sequence[Wish | Outcome]:
        """Open an intent per charge, idempotent; the wishes to authorize, or outcomes where settled already."""
        known, credit = await payments.lock_and_credit(tx, [task.saga_id for task, _ in charges])
        charges, unpayable = await _by_tokens(tx, charges, known)
        fresh = [
            _intent(task, charge, credit.get(task.saga_id, 0))
            for task, charge in charges
            if task.saga_id not in known and task.saga_id not in unpayable
        ]
        payments.insert(tx, fresh)
        calls = {task.saga_id: task.call for task, _ in charges}
        for payment in fresh:
            tx.tell(payment.initiate(), call=calls[payment.order_id])
        again = [_asked_again(known[t.saga_id], t, c) for t, c in charges if t.saga_id in known]
        payments.save(tx, again)
        found = {payment.order_id: payment for payment in (*fresh, *again)}
        if waits := [payment.order_id for payment in again if payment.status is Status.REQUIRES_ACTION]:
            await challenges.see(tx, waits)
        return [
            unpayable.get(task.saga_id) or _to_authorize(tx, found[task.saga_id], asked=task.saga_id in known)
            for task, _ in charges
        ]

    async def authorized(self, tx: Tx, order_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Those whose whole amount is held or ours."""
        return frozenset(row["order_id"] for row in await tx.all(payments.HELD, list(order_ids)))

    async def next_actions(self, tx: Tx, order_ids: Sequence[UUID]) -> Mapping[UUID, str]:
        """Where buyers must prove themselves, for those orders that wait for that."""
        return await challenges.urls(tx, order_ids)

    async def hint(self, tx: Tx, order_ids: Sequence[UUID]) -> None:
        """Something may have come of what buyers were asked."""
        await challenges.hint(tx, order_ids)

    async def prove(self, tx: Tx, order_id: UUID, proof: str) -> None:
        """The buyer's browser brought this back: kept for when the provider is asked."""
        if holds_card_number(proof):
            raise CardNumberRefused
        key = await challenges.key_of(tx, order_id)
        if key is not None:
            for reader in tx.peer(NoticeReaders).by_provider.values():
                await reader.keep_proof(key, proof)

    async def saved_tokens(self, tx: Tx, named: Sequence[tuple[str, str]]) -> Sequence[str | None]:
        """The tokens of saved payment methods."""
        return await methods.tokens(tx, named)

    async def only_held(self, tx: Tx, order_id: UUID) -> bool:
        """Whether it is held to be captured by hand, and nobody has asked for that."""
        payment = (await payments.lock(tx, [order_id])).get(order_id)
        return bool(payment and payment.by_hand and payment.status is Status.AUTHORIZED and payment.to_capture is None)


async def _by_tokens(
    tx: Tx, charges: Sequence[tuple[Task, Charge]], known: Mapping[UUID, Payment]
) -> tuple[Sequence[tuple[Task, Charge]], Mapping[UUID, Refused]]:
    """The charges, each by a token: what names a method is paid by the one that was found first, whoever keeps it now.

    And those that nobody keeps the method of.
    """
    named = [(task, charge) for task, charge in charges if charge.method.startswith(SAVED)]
    if not named:
        return charges, {}
    first = {task.saga_id: known[task.saga_id].method for task, _ in named if task.saga_id in known}
    unknown = [(task, charge) for task, charge in named if task.saga_id not in first]
    tokens = await methods.of_charges(tx, [charge for _, charge in unknown]) if unknown else []
    by = first | {task.saga_id: token for (task, _), token in zip(unknown, tokens, strict=True) if token is not None}
    nobody = {task.saga_id: NOT_KEPT for task, _ in named if task.saga_id not in by}
    return [(task, replace(one, method=by.get(task.saga_id, one.method))) for task, one in charges], nobody


def _intent(task: Task, charge: Charge, credit: int) -> Payment:
    return Payment(
        id=new_id(),
        order_id=charge.order_id,
        amount=charge.amount,
        method=charge.method,
        authorization_key=task.effect_key,
        by_hand=charge.by_hand,
        part_of=charge.part_of,
        prepaid=credit,
    )


def _asked_again(payment: Payment, task: Task, charge: Charge) -> Payment:
    """A person had a refused payment tried again: a new question, under its new key."""
    if payment.status is not Status.FAILED and not planted("effect_without_key"):
        return payment
    return replace(payment, status=Status.INITIATED, authorization_key=task.effect_key, method=charge.method, why=None)


def _to_authorize(tx: Tx, payment: Payment, *, asked: bool) -> Wish | Outcome:
    if payment.status in (Status.AUTHORIZED, Status.CAPTURED):
        return Done()
    reference = str(payment.order_id)
    provider = tx.peer(PaymentProvider)
    if payment.asked.minor == 0:
        return _Free()
    wish = Authorize(provider, payment.asked, payment.method, payment.authorization_key, reference)
    return AskAgain(wish) if asked and not planted("effect_without_key") else wish


class _Free:
    """Nothing is owed that was not paid by another order's charge, so nobody is asked."""

    async def send(self) -> Answer:
        return Approved(provider_id="free")


class _Authorize:
    async def prepare(self, tx: Tx, tasks: Sequence[Task]) -> Sequence[Wish | Outcome]:
        raise NotImplementedError("an authorization is prepared by Payments.open, which knows the charge")

    async def record(self, tx: Tx, answered: Answered) -> Sequence[Outcome]:
        outcomes = await _book(tx, answered, _authorized)
        asked = [
            challenges.Asked(task.saga_id, task.effect_key, answer.url)
            for (task, answer), outcome in zip(answered, outcomes, strict=True)
            if isinstance(answer, ActionRequired) and isinstance(outcome, Waiting)
        ]
        if not asked:
            return outcomes
        standing = await challenges.keep(tx, asked, CHALLENGE_PATIENCE_S)
        urls = {one.order_id: one.url for one in asked}
        return [
            _patience(standing[task.saga_id], urls[task.saga_id]) if task.saga_id in standing else outcome
            for (task, _), outcome in zip(answered, outcomes, strict=True)
        ]


def _patience(standing: challenges.Standing, url: str) -> Outcome:
    """Time is over only for whom the provider has just said that they did not confirm."""
    if standing.hinted:
        return Waiting(0.0, heard=True, next_action=url)
    if standing.left_s <= 0:
        return Failed("the buyer did not confirm the payment in time", final=True)
    return Waiting(min(standing.left_s, LOOK_AGAIN_S), heard=True, next_action=url)


def _authorized(payment: Payment, answer: Answer) -> tuple[Payment | None, Any, Outcome]:
    if payment.status in (Status.AUTHORIZED, Status.CAPTURED):
        return None, None, Done()
    if isinstance(answer, Approved):
        return *payment.authorize(answer.provider_id), Done()
    if isinstance(answer, ActionRequired):
        waits = (None, None) if payment.status is Status.REQUIRES_ACTION else payment.require_action()
        return *waits, Waiting(LOOK_AGAIN_S, heard=True)
    return *payment.fail(answer.code), Refused(f"payment declined: {answer.code}")


class _Capture:
    async def prepare(self, tx: Tx, tasks: Sequence[Task]) -> Sequence[Wish | Outcome]:
        found = await payments.lock(tx, [task.saga_id for task in tasks])
        return [_to_capture(tx, found[task.saga_id], task) for task in tasks]

    async def record(self, tx: Tx, answered: Answered) -> Sequence[Outcome]:
        return await _book(tx, answered, _captured)


def _to_capture(tx: Tx, payment: Payment, task: Task) -> Wish | Outcome:
    if payment.status is Status.CAPTURED or _called_off(payment):
        return Done()
    if payment.asked.minor == 0:
        return _Free()
    if payment.by_hand and payment.to_capture is None:
        return Waiting(BY_HAND_LOOK_S)
    provider = tx.peer(PaymentProvider)
    return Capture(provider, payment.authorization_key, payment.charge, task.effect_key)


def _called_off(payment: Payment) -> bool:
    """Whether the order, of which this is a part, was called off meanwhile, and everything of it let go."""
    return payment.part_of is not None and payment.status in (Status.VOIDED, Status.REFUNDED)


def _captured(payment: Payment, answer: Settled) -> tuple[Payment | None, Any, Outcome]:
    if payment.status is Status.CAPTURED or _called_off(payment):
        return None, None, Done()
    if isinstance(answer, Approved):
        return *payment.capture(), Done()
    return None, None, Refused(f"capture declined: {answer.code}")


class _Cancel:
    async def prepare(self, tx: Tx, tasks: Sequence[Task]) -> Sequence[Wish | Outcome]:
        found = await _by_task(tx, tasks)
        lent = await _lent(tx, found)
        return [_to_cancel(tx, found[task.saga_id], lent, task) for task in tasks]

    async def record(self, tx: Tx, answered: Answered) -> Sequence[Outcome]:
        found = await _by_task(tx, [task for task, _ in answered])
        lent = await _lent(tx, found)
        return [_all_cancelled(tx, found[task.saga_id], lent, task, answers) for task, answers in answered]


async def _by_task(tx: Tx, tasks: Sequence[Task]) -> dict[UUID, list[Payment]]:
    """The payment that each task is about, with all its parts where it is an order's own."""
    found = await payments.lock_whole(tx, [task.saga_id for task in tasks])
    each = {one.order_id: [one] for own in found.values() for one in own}
    return {task.saga_id: found.get(task.saga_id) or each.get(task.saga_id, []) for task in tasks}


async def _lent(tx: Tx, found: Mapping[UUID, Sequence[Payment]]) -> Mapping[UUID, int]:
    """How much of each of these payments others' charges have paid that has not gone back to them."""
    ids = [one.order_id for own in found.values() for one in own if one.prepaid]
    return await prepaid.left(tx, ids) if ids else {}


def _to_cancel(tx: Tx, found: Sequence[Payment], lent: Mapping[UUID, int], task: Task) -> Wish | Outcome:
    over = (Status.VOIDED, Status.REFUNDED, Status.FAILED)
    provider = tx.peer(PaymentProvider)
    wishes = {
        one.order_id: Cancel(
            provider, one.authorization_key, one.charge, _by_card(one, lent), _key(task, one), taken=one.captured > 0
        )
        for one in found
        if one.status not in over and one.amount.minor > 0
    }
    return CancelAll(wishes) if wishes else Done()


def _by_card(payment: Payment, lent: Mapping[UUID, int]) -> Money:
    """What is left of what its own card paid."""
    others = lent.get(payment.order_id, 0) if payment.captured else 0
    return Money(payment.left.minor - others, payment.amount.currency)


def _key(task: Task, payment: Payment) -> str:
    return task.effect_key if payment.order_id == task.saga_id else f"{task.effect_key}/{payment.order_id}"


def _all_cancelled(
    tx: Tx, found: Sequence[Payment], lent: Mapping[UUID, int], task: Task, answers: Mapping[UUID, Cancelled]
) -> Outcome:
    """Book what each of the order's payments came to; the first that failed is what the step comes to."""
    decided = [
        cancelled(one, lent.get(one.order_id, 0), answers[one.order_id]) for one in found if one.order_id in answers
    ]
    payments.save(tx, [payment for payment, _, _ in decided if payment])
    tx.tell(*(event for _, event, _ in decided if event), call=task.call)
    return next((outcome for _, _, outcome in decided if not isinstance(outcome, Done)), Done())


def cancelled(payment: Payment, lent: int, done: Cancelled) -> tuple[Payment | None, Any, Outcome]:
    """What a payment comes to when the provider has answered its cancellation. `lent`: by others' charges."""
    if payment.status in (Status.VOIDED, Status.REFUNDED, Status.FAILED):
        return None, None, Done()
    if not isinstance(done.answer, Approved):
        return None, None, Failed(f"the provider would not give it back: {done.answer.code}")
    if not done.refunded:
        return *payment.void(), Done()
    taken = payment if payment.captured else replace(payment, captured=payment.due.minor, status=Status.CAPTURED)
    return *taken.refund(taken.left, "order undone", elsewhere=lent), Done()


async def _book(
    tx: Tx, answered: Answered, decide: Callable[[Payment, Any], tuple[Payment | None, Any, Outcome]]
) -> Sequence[Outcome]:
    """Book answers on locked payments, and tell what came of them."""
    found = await payments.lock(tx, [task.saga_id for task, _ in answered])
    decided = [(task, *decide(found[task.saga_id], answer)) for task, answer in answered]
    payments.save(tx, [payment for _, payment, _, _ in decided if payment])
    for task, _, event, _ in decided:
        if event:
            tx.tell(event, call=task.call)
    return [outcome for _, _, _, outcome in decided]
