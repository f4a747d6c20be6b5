"""What an auditor must find: violations to plant in the database, with the checks that they turn red."""

from tests.audit.plants.carts import OF_CARTS
from tests.audit.plants.edits import OF_EDITS
from tests.audit.plants.goods import OF_GOODS
from tests.audit.plants.messages import OF_MESSAGES
from tests.audit.plants.money import OF_MONEY
from tests.audit.plants.offers import OF_OFFERS
from tests.audit.plants.opinions import OF_OPINIONS
from tests.audit.plants.returns import OF_RETURNS
from tests.audit.plants.webhooks import OF_WEBHOOKS
from tests.audit.plants.work import OF_WORK

PLANTS = (
    *OF_GOODS, *OF_MONEY, *OF_WORK, *OF_CARTS, *OF_OFFERS, *OF_OPINIONS, *OF_MESSAGES, *OF_RETURNS, *OF_WEBHOOKS,
    *OF_EDITS,
)  # fmt: skip
