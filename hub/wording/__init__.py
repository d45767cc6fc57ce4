"""What messages say: templates, what they may do, and how they are checked."""
