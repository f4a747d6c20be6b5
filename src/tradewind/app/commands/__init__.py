"""Commands of operators, each in a file of its name: `tradewind saga` is in saga.py. What runs a shop is in cli.py."""
