"""Attacks on a model before it is let out: by the platform, on its files and the data that it was trained on."""
