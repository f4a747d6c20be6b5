"""What the journal alone can answer: pure. None means that the provider has to be asked."""

from tradewind.adapters.payment_provider.journaled.api import Asked, Family
from tradewind.ports.payment_provider import Approved, DeclineCode, Declined, Settled

_SAYS = {
    DeclineCode.ALREADY_CAPTURED: "The amount was captured; it can only be refunded.",
    DeclineCode.CURRENCY_MISMATCH: "The authorization is in another currency.",
    DeclineCode.EXCEEDS_AUTHORIZATION: "Less than that is held.",
    DeclineCode.EXCEEDS_CAPTURE: "Less than that was captured and not given back.",
    DeclineCode.UNKNOWN_AUTHORIZATION: "There is no such authorization.",
    DeclineCode.UNKNOWN_METHOD: "There is no such payment method.",
    DeclineCode.VOIDED: "The authorization was voided.",
}


def declined(code: DeclineCode) -> Declined:
    """The refusal with this code, said in our words."""
    return Declined(code=code, reason=_SAYS[code])


def decided(asked: Asked, family: Family) -> Settled | None:
    """The answer that follows from what was asked before. Earlier wishes that are not refused count as granted."""
    match asked.wish.verb:
        case "authorize":
            return None
        case "capture":
            return _capture(asked, family)
        case "void":
            return _void(asked, family)
        case "refund":
            return _refund(asked, family)


def _capture(asked: Asked, family: Family) -> Settled | None:
    of = family.of
    if of is not None and (of.voided or _granted(family.all("void", asked.position))):
        return declined(DeclineCode.VOIDED)
    if of is None or not of.approved:
        return declined(DeclineCode.UNKNOWN_AUTHORIZATION)
    if asked.wish.amount.currency != of.wish.amount.currency:
        return declined(DeclineCode.CURRENCY_MISMATCH)
    if _granted(family.all("capture", asked.position)) or asked.wish.amount.minor > of.wish.amount.minor:
        return declined(DeclineCode.EXCEEDS_AUTHORIZATION)
    return None


def _void(asked: Asked, family: Family) -> Settled | None:
    of = family.of
    if any(one.approved for one in family.all("capture")):
        return declined(DeclineCode.ALREADY_CAPTURED)
    late = of is not None and of.voided and of.provider_id is not None  # it was told of although it was voided
    if of is None or (of.refused and not late) or any(one.approved for one in family.all("void")):
        return Approved(provider_id=asked.wish.mark)
    return None


def _refund(asked: Asked, family: Family) -> Settled | None:
    of = family.of
    if of is None or (of.refused and not of.voided):
        return declined(DeclineCode.UNKNOWN_AUTHORIZATION)
    captured = sum(one.wish.amount.minor for one in family.all("capture") if one.approved)
    if captured and asked.wish.amount.currency != of.wish.amount.currency:
        return declined(DeclineCode.CURRENCY_MISMATCH)
    if asked.wish.amount.minor > captured - _sum(family.all("refund", asked.position)):
        return declined(DeclineCode.EXCEEDS_CAPTURE)
    return None


def _granted(asked: list[Asked]) -> list[Asked]:
    return [one for one in asked if not one.refused]


def _sum(asked: list[Asked]) -> int:
    return sum(one.wish.amount.minor for one in _granted(asked))
