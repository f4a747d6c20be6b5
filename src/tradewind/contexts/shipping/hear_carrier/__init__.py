"""Hear what carriers tell by themselves."""
