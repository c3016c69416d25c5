"""Datasets and their fields, submissions and published versions, from the data contracts."""
