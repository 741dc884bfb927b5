"""Nouns and rules: frozen dataclasses and pure functions, without input, output or SQL."""
