"""Documents: from sources to the index, and what people decide about them."""
