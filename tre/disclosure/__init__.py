"""Disclosure inspection: a library that reads a file and says what it would disclose. No Django in it."""
