"""What others tell, as rows of the star schema; one row of Postgres for each look at the log, however much it was."""

from collections.abc import Sequence

from tradewind.contexts.analytics._domain.facts import Heard, facts
from tradewind.contexts.analytics._store.staged import stage
from tradewind.contracts.privacy import Pseudonyms
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import Told, subscriber


@subscriber
async def gather(events: Sequence[Told[Heard]], tx: Tx) -> None:
    """Counted here, in the transaction that moves the position; brought to the columns by `load_columns`."""
    stage(tx, facts(events, tx.peer(Pseudonyms).of), min(told.told_at for told in events))
