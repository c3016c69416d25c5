"""Accepts contracts, or checks that each is accepted as it stands: ``python -m tre.contracts check|accept``."""

from __future__ import annotations

import sys

from tre.contracts.reading import FOLDER, load_contracts
from tre.contracts.records import accept, check_all
from tre.errors import TreError


def main() -> int:
    """Run the verb that is named on the command line and return its exit status."""
    verb = sys.argv[1] if len(sys.argv) == 2 else ""
    if verb not in ("check", "accept"):
        print("Name one of: check, accept.", file=sys.stderr)
        return 2
    try:
        contracts = load_contracts()
        if verb == "check":
            check_all(contracts, FOLDER)
            return 0
        for contract in contracts.values():
            if accept(contract, FOLDER):
                print(f"accepted {contract.dataset} {contract.version}")
    except TreError as error:
        print(error.sentence(), file=sys.stderr)
        return error.exit_status
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
