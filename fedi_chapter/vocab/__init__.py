"""JSON-LD in and out: documents become typed nouns, nouns become documents. No network."""
