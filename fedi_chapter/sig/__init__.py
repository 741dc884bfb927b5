"""Signatures: bytes and headers in, verdict out. No input or output of its own."""
