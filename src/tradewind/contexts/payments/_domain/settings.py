"""How long payments waits for others."""

from typing import Final

CHALLENGE_PATIENCE_S: Final = 600.0
"""A buyer who was asked to prove themselves has so long; then everything is undone."""
LOOK_AGAIN_S: Final = 30.0
"""How often the provider is asked what came of that, should neither it nor the buyer tell."""
BY_HAND_LOOK_S: Final = 6 * 3600.0
"""How often a payment that is captured by hand is looked at; the word that captures it comes sooner."""
NOTICES_KEPT_S: Final = 7 * 86_400.0
"""How long it is known which notices were taken; their signatures are good for minutes."""
