"""What customers say of products that they bought, and whether it is shown."""
