"""The books: what points will cost, and how they came and went month by month."""
