"""Send again what was sent before."""
