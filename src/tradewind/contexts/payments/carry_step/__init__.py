"""Carry a step of a saga in another process: ask the provider for it and book what it says."""
