"""Where an owner keeps what nobody may read: passwords, keys of providers."""
