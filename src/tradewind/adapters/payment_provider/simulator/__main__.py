"""`python -m tradewind.adapters.payment_provider.simulator`: the simulated payment provider as a process."""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

import msgspec
import uvloop

from tradewind.adapters.payment_provider.simulator.faults import fault_table
from tradewind.adapters.payment_provider.simulator.server import simulator


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    asked = _arguments().parse_args()
    asked.address_file.unlink(missing_ok=True)  # of a process that was killed: nobody may take it for ours
    uvloop.run(_serve(asked.ledger, asked.port, asked.address_file))


async def _serve(ledger: Path, port: int, address_file: Path) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with simulator(ledger, port) as url:
        _announce(url, address_file)
        await stop.wait()


def _announce(url: str, address_file: Path) -> None:
    """Say where, in one step for whoever reads the file, and on standard output for whoever started us."""
    address = msgspec.json.encode({"url": url, "pid": os.getpid()})
    draft = address_file.with_name(f"{address_file.name}.{os.getpid()}")
    draft.write_bytes(address)
    draft.replace(address_file)
    sys.stdout.write(address.decode() + "\n")
    sys.stdout.flush()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tradewind.adapters.payment_provider.simulator",
        description="A payment provider that moves no money, with its own durable ledger and scripted faults.",
        epilog=f"Payment methods, and the faults they script (N is a number):\n{fault_table()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--ledger", type=Path, required=True, help="the SQLite file that keeps the books")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port (default)")
    parser.add_argument("--address-file", type=Path, required=True, help='told {"url", "pid"} once it listens')
    return parser


if __name__ == "__main__":
    main()
