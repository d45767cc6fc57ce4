"""What the business means: rules, storage, use cases. Knows no other room."""
