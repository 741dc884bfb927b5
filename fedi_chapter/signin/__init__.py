"""Signing in with an account on another server: OAuth, and nothing of ActivityPub."""
