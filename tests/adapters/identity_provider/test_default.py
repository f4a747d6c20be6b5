"""Who names no outside issuer pays nothing for it."""

import subprocess
import sys


def test_a_shop_that_names_no_outside_issuer_loads_nothing_for_one() -> None:
    look = (
        "import sys, tradewind.app.edge, tradewind.app.worker, tradewind.app.cli; "
        "sys.exit('tradewind.adapters.identity_provider.oidc' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", look], check=True)
