"""Attested runs: a specification that a researcher writes and the platform carries out, out of anybody's reach."""
