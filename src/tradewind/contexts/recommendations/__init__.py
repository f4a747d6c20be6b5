"""Recommendations: what else might please, and why.

Learns from events alone: from paid orders what is bought together, from the catalog what is alike. A new shop, of which
nothing is known yet, shows what is new.
"""
