"""What every test can rely on, those beside the code and those in tests/."""

import tradewind.api.grpc  # noqa: F401 -- its settings for grpcio, which must come before whoever loads it first

pytest_plugins = (
    "tests.folders",
    "tests.engines",
    "tests.house.ledger",
    "tests.shops",
    "tests.markets",
    "tests.clusters",
    "tests.posts",
    "tests.journeys.steps",
)
