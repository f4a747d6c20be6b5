"""Who says what is switched on, behind ports.flags: all through OpenFeature."""
