"""What inspection reaches on the sample that every test run judges. A change may raise these, never lower them."""

from __future__ import annotations

from tests.corpus.model import Author

ONE_IN: dict[Author, int] = {"first": 16, "second": 8}  # of each author's part of the corpus, for each test run
# Caught for the right reason, with exact match and without.
RECALL: dict[Author, dict[str, float]] = {"first": {"on": 0.90, "off": 0.84}, "second": {"on": 0.58, "off": 0.58}}
# Not passed.
CAUGHT: dict[Author, dict[str, float]] = {"first": {"on": 0.90, "off": 0.86}, "second": {"on": 0.60, "off": 0.60}}
FALSE_POSITIVES: dict[Author, float] = {"first": 0.04, "second": 0.04}  # of clean files
