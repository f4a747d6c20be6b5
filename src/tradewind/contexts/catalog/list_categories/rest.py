"""GET /api/v1/categories."""

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.catalog.list_categories.query import CategoryTree, ListCategories


@get("/api/v1/categories", public=True)
async def list_categories(call: Call, dispatch: Dispatch) -> CategoryTree:
    """See the tree of categories: each after the one that it is in, in the order in which a menu shows them."""
    answer: CategoryTree = await dispatch(ListCategories(), call)
    return answer
