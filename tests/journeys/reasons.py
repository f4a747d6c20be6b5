"""Why some journeys do not go through seven processes: what `one_process_tree` says of them."""

from typing import Final

AT_ONCE: Final = (
    "who cannot have it is refused when they order; with two databases the saga finds out, and cancels: "
    "tests/cluster/test_crowd.py"
)
PLANTED: Final = "a bug is planted, so that the check is seen to find it"
OWN_SETTINGS: Final = "a shop with settings of its own: an outside carrier or provider, a strategy, a short hold"
ONE_PROCESS: Final = "about one shop from within its process: what is asked is no matter of where contexts run"
