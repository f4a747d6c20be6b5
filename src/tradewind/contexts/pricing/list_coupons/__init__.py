"""See the codes of a promotion and how often they were used."""
