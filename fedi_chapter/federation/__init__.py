"""The protocol: what comes in, what goes out, and who may say what."""
