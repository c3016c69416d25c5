"""Disclosure inspection: say what in a file could give a person away. Knows nothing of Django or of the airlock."""

from tre.disclosure.inspection import inspect
from tre.disclosure.model import Context, DisclosureError, Finding, Inspection, Verdict

__all__ = ["Context", "DisclosureError", "Finding", "Inspection", "Verdict", "inspect"]
