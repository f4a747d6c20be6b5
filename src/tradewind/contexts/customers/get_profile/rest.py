"""GET /api/v1/customers/me and /api/v1/customers/{customer_id}."""

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.customers._domain.profile import NoSuchCustomer
from tradewind.contexts.customers._domain.views import ProfileView
from tradewind.contexts.customers.get_profile.query import GetProfile


@get("/api/v1/customers/me")
async def get_my_profile(call: Call, dispatch: Dispatch) -> ProfileView:
    """See your profile. Before you write it, it is version 0."""
    answer: ProfileView = await dispatch(GetProfile(), call)
    return answer


@get("/api/v1/customers/{customer_id}", raises=(NoSuchCustomer,))
async def get_customer(customer_id: str, call: Call, dispatch: Dispatch) -> ProfileView:
    """See a customer's profile. For support."""
    answer: ProfileView = await dispatch(GetProfile(user_id=customer_id), call)
    return answer
