"""The command line's way to a portal elsewhere: over its API, by a person's token, and without Django."""
