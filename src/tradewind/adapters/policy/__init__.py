"""Engines behind the policy port."""
