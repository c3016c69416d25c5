"""The disclosure rules of the project that the workspace is of, as the airlock holds its outputs to them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any

from tre.workspace.client.door import call

_ORGANISATIONS = "acro"  # outside a workspace nobody says which; the default of TRE_DISCLOSURE_PROFILE


@dataclass(frozen=True)
class Rules:
    """A profile, the figures of it that are made stricter, and by what of how many people an outsider may know one."""

    profile: str
    tighten: dict[str, Any] = field(default_factory=dict)
    quasi: tuple[str, ...] = ()
    population: int = 0

    def overrides(self) -> dict[str, Any]:
        """Return the figures as an inspection's context takes them."""
        return {"profiles": {self.profile: self.tighten}} if self.tighten else {}


def rules(profile: str | None) -> Rules:
    """Return a profile as it stands, and the project's own rules when none is named.

    Raises
    ------
    PlatformError
        None is named, and the platform does not say what the project's are.
    """
    if profile is not None:
        return Rules(profile)
    if "TRE_RULES" in os.environ:  # a run of the platform's own, which has no door
        told = json.loads(os.environ["TRE_RULES"])
    elif "TRE_API" in os.environ:
        told = call("GET", "me")["disclosure"]
    else:
        return Rules(_ORGANISATIONS)
    return Rules(told["profile"], told["figures"], tuple(told["quasi"]), told["population"])
