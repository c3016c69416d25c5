"""Differentially private training that spends the project's budget."""

from __future__ import annotations

from typing import Any

from tre.workspace.client.door import call


def budget() -> dict[str, Any]:
    """Return the project's privacy budget: epsilon and delta, what is spent, and each spend."""
    return call("GET", "budget")


def train_private() -> None:
    """Placeholder until the learning plane is there."""
