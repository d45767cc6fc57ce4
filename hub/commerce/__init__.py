"""Commerce: what is for sale, where it lies, and what people buy."""
