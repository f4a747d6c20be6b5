"""Let a promotion rest."""
