"""Accounts: several persons who have their points in a program in one purse, a household or a company."""
