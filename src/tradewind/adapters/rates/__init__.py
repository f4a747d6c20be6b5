"""Where requests are counted for all processes; each process's own windows are in api/rest/rates.py."""
