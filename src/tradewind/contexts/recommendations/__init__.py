"""Recommendations: what else might please, and why."""
