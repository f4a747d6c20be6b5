"""Pay in some way no longer."""
