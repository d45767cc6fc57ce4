"""Privacy: giving a person everything the hub holds of them, and forgetting them."""
