"""The card of a member: what every channel shows of them, at a desk as in the app."""
