"""Find out whether a refund went back after all."""
