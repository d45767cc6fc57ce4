"""Every place where a customer may meet a message of ours, and what is live there."""
