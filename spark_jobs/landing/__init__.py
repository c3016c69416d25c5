"""Readers of what providers send, and the one form in which landing keeps it."""
