"""PUT /api/v1/customers/me/preferences."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, IfMatch, put
from tradewind.contexts.customers._domain.contacts import Channel
from tradewind.contexts.customers._domain.profile import InvalidProfile
from tradewind.contexts.customers._domain.views import PreferenceView
from tradewind.contexts.customers.set_preferences.command import SetPreferences
from tradewind.kernel.versions import Outdated


class NewPreferences(Body, frozen=True):
    """The channel you like best, and those on which you agree to hear of offers."""

    preferred_channel: Channel | None = None
    marketing: Annotated[tuple[Channel, ...], Meta(max_length=len(Channel))] = ()


@put("/api/v1/customers/me/preferences", raises=(InvalidProfile, Outdated))
async def set_my_preferences(body: NewPreferences, if_match: IfMatch, call: Call, dispatch: Dispatch) -> PreferenceView:
    """Say how you like to be spoken to. A channel needs something in your profile that takes it."""
    command = SetPreferences(
        preferred_channel=body.preferred_channel, marketing=frozenset(body.marketing), expected=if_match
    )
    answer: PreferenceView = await dispatch(command, call)
    return answer
