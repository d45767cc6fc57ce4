"""SMS through Twilio, out and in, and what Twilio reports of them."""
