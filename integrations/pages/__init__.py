"""Pages that a person opens by a link: preferences, sign-in, a download."""
