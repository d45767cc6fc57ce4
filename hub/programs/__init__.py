"""Loyalty programs: their wallets and earning rules, as documents with drafts, versions and activations."""
