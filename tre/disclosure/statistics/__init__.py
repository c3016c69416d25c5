"""Statistical disclosure control: the rules, tables and statistics that keep to them, and what releases give away."""

from tre.disclosure.statistics.histogram import safe_histogram
from tre.disclosure.statistics.models import safe_model, safe_regression
from tre.disclosure.statistics.percentiles import safe_percentiles
from tre.disclosure.statistics.survival import safe_survival
from tre.disclosure.statistics.tables import SUPPRESSED, SafeTable, safe_table

__all__ = [
    "SUPPRESSED",
    "SafeTable",
    "safe_histogram",
    "safe_model",
    "safe_percentiles",
    "safe_regression",
    "safe_survival",
    "safe_table",
]
