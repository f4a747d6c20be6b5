"""Customers: who buys here, as far as they say: profile, addresses, preferences.

Asks every context (PersonalDataPeer) what it holds of a person, and to forget it.
"""
