"""Key custody and derivation of one key per purpose and project."""
