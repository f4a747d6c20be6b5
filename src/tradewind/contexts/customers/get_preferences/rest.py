"""GET /api/v1/customers/me/preferences."""

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.customers._domain.views import PreferenceView
from tradewind.contexts.customers.get_preferences.query import GetPreferences


@get("/api/v1/customers/me/preferences")
async def get_my_preferences(call: Call, dispatch: Dispatch) -> PreferenceView:
    """See how you like to be spoken to, and what you agreed to."""
    answer: PreferenceView = await dispatch(GetPreferences(), call)
    return answer
