"""Code lists: what the codes of a column mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tre.workspace.client.door import PlatformError

if TYPE_CHECKING:
    import pandas as pd


def codelist(name: str = "") -> pd.DataFrame:
    """Return a code list (code and meaning), or, without a name, the lists that there are.

    A licensed list is not passed on: of those it is told which form their codes have, not what they mean.

    Parameters
    ----------
    name : str
        The list's name, such as ``admission_method``.

    Raises
    ------
    PlatformError
        When there is no such list, or only the form of its codes may be shown.
    """
    import pandas as pd

    from tre.contracts.codelists import load_code_lists

    held = load_code_lists()
    if not name:
        rows = [(each.name, each.title, len(each.codes) or None, each.standard, each.licence) for each in held.values()]
        frame = pd.DataFrame(rows, columns=["name", "title", "codes", "standard", "licence"])
        return frame.astype({"codes": "Int64"})
    if name not in held:
        raise PlatformError("There is no such code list", where=name, todo=f"Use one of: {', '.join(sorted(held))}")
    found = held[name]
    if not found.codes:
        raise PlatformError(
            f"The list '{found.title}' is licensed and not passed on", where=name, todo=f"See {found.url}"
        )
    return pd.DataFrame(found.codes.items(), columns=["code", "meaning"])
