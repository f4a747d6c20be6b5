"""Who names no MongoDB pays nothing for it."""

import subprocess
import sys


def test_a_shop_that_names_no_mongodb_does_not_load_its_client() -> None:
    look = "import sys, tradewind.app.edge, tradewind.app.worker, tradewind.app.cli; sys.exit('pymongo' in sys.modules)"
    subprocess.run([sys.executable, "-c", look], check=True)
