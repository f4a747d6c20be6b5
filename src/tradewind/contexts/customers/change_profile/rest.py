"""PATCH /api/v1/customers/me."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from tradewind.api.rest import Body, Call, Dispatch, IfMatch, patch
from tradewind.contexts.customers._domain.contacts import MAX_CONTACT_TEXT, MAX_CONTACTS, Contact, Kind
from tradewind.contexts.customers._domain.profile import MAX_NAME, Changes, InvalidProfile
from tradewind.contexts.customers._domain.views import ProfileView
from tradewind.contexts.customers.change_profile.command import ChangeProfile
from tradewind.kernel.versions import Outdated


class NewContact(Body, frozen=True):
    """An e-mail address, or a phone number with its country's code."""

    kind: Kind
    value: Annotated[str, Meta(min_length=1, max_length=MAX_CONTACT_TEXT)]


class ProfileChanges(Body, frozen=True):
    """What is to be different; what is left out stays as it is. `contactMethods` replaces all of them."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME)] | UnsetType | None = UNSET
    contact_methods: Annotated[list[NewContact], Meta(min_length=1, max_length=MAX_CONTACTS)] | UnsetType = UNSET
    language: Annotated[str, Meta(max_length=35)] | UnsetType = UNSET
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | UnsetType = UNSET
    time_zone: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET


@patch("/api/v1/customers/me", raises=(InvalidProfile, Outdated))
async def change_my_profile(body: ProfileChanges, if_match: IfMatch, call: Call, dispatch: Dispatch) -> ProfileView:
    """Change your profile. The first change names a way to reach you; the last such way cannot be taken away."""
    changes = Changes(
        name=body.name,
        contacts=_contacts(body.contact_methods),
        language=body.language,
        currency=body.currency,
        time_zone=body.time_zone,
    )
    answer: ProfileView = await dispatch(ChangeProfile(changes=changes, expected=if_match), call)
    return answer


def _contacts(given: list[NewContact] | UnsetType) -> tuple[Contact, ...] | UnsetType:
    return given if given is UNSET else tuple(Contact(kind=one.kind, value=one.value) for one in given)
