"""Use cases: verbs over a write transaction, which end by writing down what happened."""
