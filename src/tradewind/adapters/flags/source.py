"""A source of flags: a provider of OpenFeature's that knows yes and no."""

from typing import Any, Final, NoReturn

from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import TypeMismatchError
from openfeature.flag_evaluation import FlagResolutionDetails, Reason
from openfeature.provider import AbstractProvider, Metadata

from tradewind.ports.flags import Flag

EVERYBODY: Final = "everybody"
"""Stands for the customer where a flag is the same for all."""


class Source(AbstractProvider):
    """`generation` rises with each change of what it says."""

    name: str
    """For OpenFeature's own log."""

    def __init__(self) -> None:
        super().__init__()
        self.generation = 0
        self.trouble = ""
        """Why it cannot say anything new; empty where it can."""

    def look(self) -> None:
        """Called now and then before it is asked: see if anything has changed. Takes microseconds, never raises."""

    def decide(self, flag: str, customer: str) -> bool | None:
        """Whether it is on for this customer; None where nothing is said of it."""
        raise NotImplementedError

    def says(self, flag: Flag) -> tuple[str, str]:
        """How the flag stands, and who says so, for people."""
        raise NotImplementedError

    def get_metadata(self) -> Metadata:
        return Metadata(name=self.name)

    def resolve_boolean_details(
        self, flag_key: str, default_value: bool, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[bool]:
        customer = evaluation_context.targeting_key if evaluation_context else None
        found = self.decide(flag_key, customer or EVERYBODY)
        if found is None:
            return FlagResolutionDetails(default_value, reason=Reason.DEFAULT)
        return FlagResolutionDetails(found, reason=Reason.TARGETING_MATCH)

    def _no_other_type(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeMismatchError("Flags of this shop are on or off.")

    resolve_string_details = resolve_integer_details = _no_other_type
    resolve_float_details = resolve_object_details = _no_other_type


def on_or_off(value: bool) -> str:
    """The word for it."""
    return "on" if value else "off"
