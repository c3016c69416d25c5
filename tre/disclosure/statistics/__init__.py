"""Statistical disclosure rules for tables."""

from tre.disclosure.statistics.tables import SafeTable, safe_table

__all__ = ["SafeTable", "safe_table"]
