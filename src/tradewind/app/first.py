"""Imported before anything else by processes that live long.

The library that decides by Rego is C++. Loaded behind another one in C++ it never gives back the 2 MB of a decision,
and an edge has a thousand decisions to remember; why that is so is not known.
"""

import tradewind.adapters.policy.rego  # noqa: F401 -- for its library alone
