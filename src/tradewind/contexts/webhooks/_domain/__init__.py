"""What a subscription is, which addresses are dialled, how a message is signed: pure."""
