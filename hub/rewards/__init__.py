"""Rewards: what customers get for their points, or as a gift, and who may have it now."""
