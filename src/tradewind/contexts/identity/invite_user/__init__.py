"""Make an account for somebody who works here."""
