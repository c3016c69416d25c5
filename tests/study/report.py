"""What the study tells: steps with their times, promises kept or broken, and a closing table."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

from tests.study.product import REPOSITORY

WRITTEN = REPOSITORY / "build" / "study.json"
_WIDE = 100


@dataclass
class Step:
    """One step of the study."""

    name: str
    seconds: float = 0.0
    promises: list[tuple[str, bool]] = field(default_factory=list)
    figures: dict[str, str] = field(default_factory=dict)


@dataclass
class Report:
    """Prints as the study goes on, and counts."""

    steps: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step. What goes wrong in it is a broken promise, and ends the study."""
        current = Step(name)
        self.steps.append(current)
        self.say(f"\n== {name}")
        began = time.monotonic()
        try:
            yield
        finally:
            current.seconds = time.monotonic() - began
            self.say(f"   {current.seconds:.1f} s")

    def say(self, text: str) -> None:
        """Print a line at once."""
        print(text, flush=True)

    def promise(self, text: str, kept: bool, why: str = "") -> None:
        """Note a promise as kept or broken, with what was seen where it was broken."""
        self.steps[-1].promises.append((text, kept))
        self.say(f"   {'kept  ' if kept else 'BROKEN'} {text}{'' if kept or not why else ': ' + why}")

    def figure(self, name: str, value: object) -> None:
        """Note a figure of the closing table."""
        self.steps[-1].figures[name] = str(value)
        self.say(f"          {name}: {value}")

    @property
    def broken(self) -> list[str]:
        """Return the promises that were not kept."""
        return [text for step in self.steps for text, kept in step.promises if not kept]

    def table(self) -> str:
        """Return the closing table."""
        lines = ["", "=" * _WIDE, f"{'step':<58}{'seconds':>10}{'kept':>8}{'broken':>10}", "-" * _WIDE]
        for step in self.steps:
            kept = sum(held for _, held in step.promises)
            lines.append(f"{step.name:<58}{step.seconds:>10.1f}{kept:>8}{len(step.promises) - kept:>10}")
        total = sum(step.seconds for step in self.steps)
        held = sum(held for step in self.steps for _, held in step.promises)
        lines += ["-" * _WIDE, f"{'all':<58}{total:>10.1f}{held:>8}{len(self.broken):>10}", "-" * _WIDE]
        lines += [f"{name:<58}{value:>28}" for step in self.steps for name, value in step.figures.items()]
        return "\n".join([*lines, "=" * _WIDE])

    def write(self) -> None:
        """Write everything as JSON."""
        WRITTEN.parent.mkdir(parents=True, exist_ok=True)
        WRITTEN.write_text(json.dumps([asdict(step) for step in self.steps], indent=2))
