"""PUT /api/v1/products/{product_id}/tax-class and PUT /api/v1/tax-classes."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, put
from tradewind.contexts.pricing._domain.taxes import MAX_CLASS, InvalidTax
from tradewind.contexts.pricing.classify_products.command import ClassifyCategory, ClassifyProduct, TaxClass
from tradewind.contracts.pricing import NoSuchPrice

ClassName = Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]*$", max_length=MAX_CLASS)]


class ProductClass(Body, frozen=True):
    """The tax class of one product."""

    tax_class: ClassName


class CategoryClass(Body, frozen=True):
    """The tax class of a category, by its name or by its path (`books/fiction`)."""

    category: Annotated[str, Meta(min_length=1, max_length=500)]
    tax_class: ClassName


@put("/api/v1/products/{product_id}/tax-class", raises=(NoSuchPrice, InvalidTax))
async def classify_product(product_id: UUID, body: ProductClass, call: Call, dispatch: Dispatch) -> TaxClass:
    """Say of which tax class a product is; it counts before its category's."""
    answer: TaxClass = await dispatch(ClassifyProduct(product_id=product_id, tax_class=body.tax_class), call)
    return answer


@put("/api/v1/tax-classes", raises=(InvalidTax,))
async def classify_category(body: CategoryClass, call: Call, dispatch: Dispatch) -> TaxClass:
    """Say of which tax class the products of a category are, and of all categories below it."""
    answer: TaxClass = await dispatch(ClassifyCategory(category=body.category, tax_class=body.tax_class), call)
    return answer
