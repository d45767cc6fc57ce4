"""Journeys: a definition, its immutable versions, and the runs of people through them."""
