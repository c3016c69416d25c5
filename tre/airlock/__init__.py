"""Requests, frozen outputs, reviews and release."""
