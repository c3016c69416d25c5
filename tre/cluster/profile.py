"""The sandbox's filter of system calls as a profile for container runtimes, made of the one list.

The form is containers' and Kubernetes' own (OCI runtime specification, ``linux.seccomp``). See
:mod:`tre.workspace.seccomp`.
"""

from __future__ import annotations

from typing import Any

from tre.workspace.seccomp import Rule, Where, rules

FILE = "tre-workspace.json"
# A call of another architecture than these ends with an error: its numbers are others'.
_ARCHITECTURES = ("SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64")


def profile() -> dict[str, Any]:
    """Return the profile."""
    return {
        "defaultAction": "SCMP_ACT_ALLOW",
        "architectures": list(_ARCHITECTURES),
        "syscalls": [_told(rule) for rule in rules()],
    }


def _told(rule: Rule) -> dict[str, Any]:
    told: dict[str, Any] = {"names": [rule.call], "action": "SCMP_ACT_ERRNO", "errnoRet": rule.error}
    return told | ({"args": [_condition(rule.where)]} if rule.where else {})


def _condition(where: Where) -> dict[str, Any]:
    """Return a condition; of a masked one ``value`` is the mask and ``valueTwo`` what is compared."""
    if where.mask:
        held = {"value": where.mask, "valueTwo": where.value, "op": "SCMP_CMP_MASKED_EQ"}
    else:
        held = {"value": where.value, "op": "SCMP_CMP_GE" if where.at_least else "SCMP_CMP_EQ"}
    return {"index": where.argument, **held}
