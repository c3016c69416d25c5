"""The United Kingdom, in English."""
