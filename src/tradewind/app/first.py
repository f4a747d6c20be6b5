"""Imported before anything else by processes that live long.

The library that decides by Rego is C++, and takes what it needs from the first library in C++ that a process loads.
Loaded after another one it never gives back the 2 MB of a decision, and an edge has a thousand decisions to remember.
"""

import tradewind.adapters.policy.rego  # noqa: F401 -- for its library alone
