"""Sagas as data: steps with do and undo, moved by a pure function, kept in one row each, carried by any worker."""
