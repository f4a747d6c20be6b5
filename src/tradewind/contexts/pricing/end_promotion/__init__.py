"""Let a promotion never count again."""
