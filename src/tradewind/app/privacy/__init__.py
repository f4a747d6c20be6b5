"""What the host knows of people's data: who holds it, the key of their pseudonyms, and the owner's commands."""
