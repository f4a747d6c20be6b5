"""Take what is held, all or a part of it."""
