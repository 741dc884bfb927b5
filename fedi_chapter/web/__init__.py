"""The HTTP edge: thin routes that parse, call and render."""
