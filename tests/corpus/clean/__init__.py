"""Harmless output, each with the worst verdict that a reviewer would call fair. Each module offers a tuple."""
