"""What every test can rely on, those beside the code and those in tests/."""

pytest_plugins = (
    "tests.engines",
    "tests.house.ledger",
    "tests.shops",
    "tests.markets",
    "tests.posts",
    "tests.journeys.steps",
)
