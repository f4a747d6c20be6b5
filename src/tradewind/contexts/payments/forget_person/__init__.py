"""Answer another process about a person: what is held of them, whether they are paid back; and forget them."""
