"""A model's card as a person reads it (Mitchell and others, "Model cards for model reporting", 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def markdown(card: Mapping[str, Any]) -> str:
    """Return a card as Markdown."""
    figures = "\n".join(f"- {name}: {value}" for name, value in card["figures"].items())
    limits = "\n".join(f"- {each}" for each in card["limits"])
    return (
        f"# Model card\n\n{card['purpose']}\n\n"
        f"- target: {card['target']}\n- features: {', '.join(card['features'])}\n"
        f"- privacy: {_privacy(card)}\n"
        f"- data version: {card['data_version']}\n- code: {card['code_hash']}\n\n"
        f"## Figures\n\n{figures}\n\n{_of_groups(card['groups'])}## Limits\n\n{limits}\n"
    )


def _privacy(card: Mapping[str, Any]) -> str:
    if card["epsilon"] is None:
        return "epsilon: none. It makes no claim of differential privacy"
    return f"epsilon {card['epsilon']} at delta {card['delta']}, for {card['privacy_unit']}"


def _of_groups(groups: dict[str, Any]) -> str:
    """Return the part of a card that tells of calibration and of groups, or nothing where there are none."""
    if not groups:
        return ""
    lines = [f"A person counts as found where the answer is {groups['threshold']} or more."]
    lines += [f"- where {each['expected']} is expected, {each['observed']} came" for each in groups["calibration"]]
    for kind, members in groups["groups"].items():
        lines += ["", f"### By {kind}", ""]
        lines += [f"- {name}: {_listed(figures)}" for name, figures in members.items()]
        lines += (
            [f"- largest difference: {_listed(groups['differences'][kind])}"] if groups["differences"][kind] else []
        )
        lines += [f"- too small to tell of: {groups['left_out'][kind]}"] if groups["left_out"][kind] else []
    told = "\n".join(lines)
    return f"## Groups of people\n\n{told}\n\n"


def _listed(figures: dict[str, float]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in figures.items())
