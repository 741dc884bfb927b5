"""Outbound HTTP: the only room that opens connections."""
