"""The loops that work in the background: what came in, what to tell, what to carry out."""
