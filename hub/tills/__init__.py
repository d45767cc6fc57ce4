"""Tills: what the machines of a store tell of customers, sales and refunds, and what becomes of it."""
