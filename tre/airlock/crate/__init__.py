"""A release described as a Five Safes RO-Crate (https://w3id.org/5s-crate/0.4). Pure: no Django, no I/O.

The crate is written as plain JSON. The `rocrate` library gives entities random identifiers and the time of writing, and
copies the files itself; a release job that is killed and run again must write the same bytes, and copies by hash.
"""

from tre.airlock.crate.graph import to_bytes, to_json
from tre.airlock.crate.names import METADATA_FILE
from tre.airlock.crate.rules import CrateBroken, broken, check

__all__ = ["METADATA_FILE", "CrateBroken", "broken", "check", "to_bytes", "to_json"]
