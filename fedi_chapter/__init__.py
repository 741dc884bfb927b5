"""A federated server for local chapters: events and posts the fediverse can follow."""

__version__ = "0.1.0"
