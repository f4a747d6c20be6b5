"""Real engines on this machine without Docker: fetched by package managers, bound to loopback, stopped by process id.

    python -m tools.engines up            all of them
    python -m tools.engines up redis kafka
    python -m tools.engines status --json
    python -m tools.engines down

Everything they have lies in one folder (`.engines`, or ENGINES_HOME): what was fetched, and per engine its
configuration, data, log and process id. `.engines/env` holds the settings that name them to the shop and its tests.
"""
