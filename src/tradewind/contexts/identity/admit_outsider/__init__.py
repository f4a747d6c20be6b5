"""Let in somebody whom an outside issuer vouches for."""
