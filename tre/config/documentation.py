"""Writes ``docs/settings.md`` from the settings themselves, so that the page cannot fall behind the code."""

from __future__ import annotations

from typing import Any, get_args

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from tre.config.options import REPOSITORY, Options

PAGE = REPOSITORY / "docs" / "settings.md"

_HEAD = """# Settings

A setting comes from the environment or from `tre.toml` in the home folder (there without `TRE_` and in small letters);
the environment wins. What is unknown or wrong stops the start, with one sentence that names it. This page is generated:
`python -m tre.config.documentation`.

| setting | default | what |
| --- | --- | --- |
"""


def page() -> str:
    """Return the page as Markdown."""
    return _HEAD + "".join(_row(name, field) for name, field in Options.model_fields.items())


def _row(name: str, field: FieldInfo) -> str:
    choices = get_args(field.annotation)
    listed = ", ".join(f"`{choice}`" for choice in choices if isinstance(choice, str))
    text = (field.description or "") + (f" One of {listed}." if listed else "")
    return f"| `TRE_{name.upper()}` | {_default(field)} | {text} |\n"


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    if value is PydanticUndefined:
        return str((field.examples or [""])[0])
    return f"`{value}`" if value not in ("", None) else ""


if __name__ == "__main__":
    PAGE.write_text(page())
