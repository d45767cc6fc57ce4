"""Vouchers: rewards made redeemable, from the code that is shown to the order that takes it."""
