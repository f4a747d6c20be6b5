"""Measuring the shop against what the machine can do: the parts that `tradewind bench` and the folder bench/ share."""
