"""What an outside review system tells of reviews, signed with a secret that it shares with the hub."""
