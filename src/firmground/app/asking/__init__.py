"""Questions and their answers: asked, kept, shared, spoken of."""
