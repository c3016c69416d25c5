"""Judges the corpus and prints what was caught; the whole of it writes docs/detection.md."""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from pathlib import Path

from tests.corpus.document import DOCUMENT, authors, document, overview, table
from tests.corpus.figures import grouped
from tests.corpus.judge import Judged, judge, sample, tried
from tests.corpus.model import AUTHORS, Item
from tests.corpus.plan import plan
from tests.corpus.world import World

SEED = 1


def main(arguments: list[str]) -> int:
    """Judge what was asked for; return 0."""
    asked = _parser().parse_args(arguments)
    world = World(asked.seed)
    items = sample((item for item in plan(world) if asked.by in (None, item.author)), asked.one_in)
    if asked.only:
        items = [item for item in items if asked.only in (item.format, item.technique, item.place)]
    if asked.write:
        _write(items, world, asked.write)
        return 0
    exact = ("on", "off") if asked.exact == "both" else (asked.exact,)
    judged = judge(items, world, exact, sandbox=asked.sandbox)
    print(overview(judged))
    print(table("format", grouped(judged, lambda each: each.item.format)))
    if asked.list:
        print(*(_missed(each) for each in judged if _wrong(each)), sep="\n")
    whole = not asked.only and not asked.by and asked.one_in == 1
    if whole and asked.exact == "both" and not asked.sandbox:
        DOCUMENT.write_text(document(judged, asked.seed))
        names = {item.name for item in tried(items)}
        print("Of these, the sample that each test run judges:\n")
        print(authors([each for each in judged if each.item.name in names]))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", help="a format, a technique or a place, as the tables name it")
    parser.add_argument("--by", choices=AUTHORS, help="what one author thought of alone")
    parser.add_argument("--one-in", type=int, default=1, help="judge every n-th file")
    parser.add_argument("--exact", choices=("on", "off", "both"), default="both", help="exact match")
    parser.add_argument("--sandbox", action="store_true", help="read each file in the product's own worker; slow")
    parser.add_argument("--list", action="store_true", help="name each miss and each false positive")
    parser.add_argument("--write", type=Path, metavar="DIR", help="write the files there instead, with what they are")
    return parser


def _write(items: list[Item], world: World, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for item in items:
        (folder / item.name).write_bytes(item.write(world))
    (folder / "corpus.json").write_text(json.dumps([{**item.planted, "file": item.name} for item in items], indent=1))


def _wrong(each: Judged) -> bool:
    return not each.rightly if each.item.leak else each.unfair


def _missed(each: Judged) -> str:
    item = each.item
    what = ("caught, not rightly" if each.caught else "missed") if item.leak else "false positive"
    told = each.failed or f"{each.verdict}: {', '.join(rule for rule, _ in each.rules)}"
    return f"{what} | exact {each.exact} | {item.format} | {item.place} | {item.technique} | {told}"


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    sys.exit(main(sys.argv[1:]))
