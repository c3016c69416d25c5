"""What inspection reaches on the sample that every test run judges. A change may raise these, never lower them."""

from __future__ import annotations

ONE_IN = 16  # of the corpus, for each test run
RECALL = {"on": 0.56, "off": 0.52}  # caught for the right reason, with exact match and without
CAUGHT = {"on": 0.79, "off": 0.75}  # not passed
FALSE_POSITIVES = 0.27  # of clean files
