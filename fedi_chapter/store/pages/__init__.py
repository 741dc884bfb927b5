"""Read models: one typed page and its query for each screen, for the web to render."""
