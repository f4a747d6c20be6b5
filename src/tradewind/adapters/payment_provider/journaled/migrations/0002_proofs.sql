-- What the buyer's browser brought back, where the provider has to be shown it; forgotten once it was.
ALTER TABLE payment_provider.asked ADD COLUMN proof text;
