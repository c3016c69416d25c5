"""Statistical disclosure control: the rules, tables and statistics that keep to them, and what releases give away.

What makes tables stands on pandas and SciPy and is loaded on first use: most files are inspected without either.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tre.disclosure.statistics.histogram import safe_histogram
    from tre.disclosure.statistics.models import safe_model, safe_regression
    from tre.disclosure.statistics.percentiles import safe_percentiles
    from tre.disclosure.statistics.survival import safe_survival
    from tre.disclosure.statistics.tables import SafeTable, safe_table

_MODULES = {
    "SafeTable": "tables",
    "safe_histogram": "histogram",
    "safe_model": "models",
    "safe_percentiles": "percentiles",
    "safe_regression": "models",
    "safe_survival": "survival",
    "safe_table": "tables",
}
__all__ = [
    "SafeTable",
    "safe_histogram",
    "safe_model",
    "safe_percentiles",
    "safe_regression",
    "safe_survival",
    "safe_table",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
