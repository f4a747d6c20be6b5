"""`tradewind doctor`: asks every engine that the shop was told of how it is, and says what to do where it is unwell."""
