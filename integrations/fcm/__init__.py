"""Push through Firebase Cloud Messaging. It needs the extra `push`, so that it is imported only where it is chosen."""
