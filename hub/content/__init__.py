"""Content that is shown and not sent: pop-ups, signs in stores, scripts of the staff, posts for social networks."""
