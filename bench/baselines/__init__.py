"""What the hub is measured against, each with a sentence that says why it is fair."""
