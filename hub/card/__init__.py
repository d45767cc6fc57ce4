"""The card of a member: what every channel shows of them, in a message and at a desk as in the app."""
