"""Pure rules: what is written about, when, and in which words."""
