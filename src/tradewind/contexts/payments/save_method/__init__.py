"""Keep how somebody pays."""
