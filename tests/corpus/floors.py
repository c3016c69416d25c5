"""What inspection reaches on the sample that every test run judges. A change may raise these, never lower them."""

from __future__ import annotations

ONE_IN = 16  # of the corpus, for each test run; a number without a factor in common with how the corpus is composed
RECALL = {"on": 0.0, "off": 0.0}  # caught for the right reason, with exact match and without
CAUGHT = {"on": 0.0, "off": 0.0}  # not passed
FALSE_POSITIVES = 1.0  # of clean files
