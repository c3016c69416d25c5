"""What inspection reaches on the sample that every test run judges. A change may raise these, never lower them."""

from __future__ import annotations

from tests.corpus.model import Author

ONE_IN: dict[Author, int] = {
    "first": 16,
    "second": 8,
    "third": 8,
}  # of each author's part of the corpus, for each test run
# Caught for the right reason, with exact match and without.
RECALL: dict[Author, dict[str, float]] = {
    "first": {"on": 0.99, "off": 0.99},
    "second": {"on": 0.98, "off": 0.98},
    "third": {"on": 0.98, "off": 0.98},
}
# Not passed.
CAUGHT: dict[Author, dict[str, float]] = {
    "first": {"on": 0.99, "off": 0.99},
    "second": {"on": 0.98, "off": 0.98},
    "third": {"on": 0.98, "off": 0.98},
}
FALSE_POSITIVES: dict[Author, float] = {"first": 0.02, "second": 0.02, "third": 0.02}  # of clean files
