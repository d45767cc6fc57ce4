"""E-mail through SendGrid, and what SendGrid reports of it."""
