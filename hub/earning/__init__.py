"""Earning: what orders and events put into the wallets of a program, and what refunds take out of them again."""
