"""What recommendations hold of a person: what they bought, from which the shop guesses what they like."""

from collections.abc import Mapping
from typing import Any, Final

from tradewind.contexts.recommendations._store import recommendations
from tradewind.contracts.privacy import Person
from tradewind.runtime.database import Tx

EVERYTHING: Final = 100_000


class PurchasesOfPerson:
    """Answers to PersonalData."""

    async def export(self, tx: Tx, person: Person) -> Mapping[str, Any]:
        """The products by which the person is known."""
        owned = await recommendations.owned(tx, person.user_id, EVERYTHING)
        return {"boughtProducts": [str(product_id) for product_id in owned]} if owned else {}

    async def erase(self, tx: Tx, person: Person) -> None:
        """What goes together stays counted; whose baskets they were is forgotten."""
        await tx.run(recommendations.FORGET, person.user_id)
