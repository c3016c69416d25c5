"""``tre inspect``: which files, how they are told of, and the exit status."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from tre.disclosure.fixes import fixes_for
from tre.disclosure.inspection import inspect
from tre.disclosure.mending import mended
from tre.disclosure.model import VERDICTS, Context, DisclosureError, Inspection, Verdict
from tre.disclosure.policy import load_policy

STATUS: dict[Verdict, int] = {"pass": 0, "review": 4, "block": 5}
_EXTENSIONS = {"re-encode-image": ".png"}


def run(options: argparse.Namespace) -> int:
    """Inspect the files and return the exit status of the worst verdict, that of mended copies left out.

    Raises
    ------
    DisclosureError
        A path is not there or is no file or folder, or the profile is unknown; then nothing is told.
    """
    context = Context(options.profile)
    paths = dict(files_of(options.files))
    found = {name: inspect(path, context, name=path.name) for name, path in paths.items()}
    if options.fix is not None:
        _check_folder(options.fix, options.files)
        for name, path in paths.items():
            found |= _mend(name, path, found[name], options.fix, context)
    _tell(found, options)
    return STATUS[max((found[name].verdict for name in paths), key=VERDICTS.index)]


def files_of(paths: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """Yield each file under its path with forward slashes; of a folder all files in it, hidden ones too, in order.

    Raises
    ------
    DisclosureError
        A path is not there, is no file or folder, or leads to one of them by a link; or a folder holds no file.
    """
    for path in paths:
        if path.is_symlink():
            raise DisclosureError("A link is not inspected", where=str(path), todo="Name what it leads to")
        if path.is_dir():
            within = sorted(each for each in path.rglob("*") if each.is_symlink() or not each.is_dir())
            if not within:
                raise DisclosureError("The folder holds no file", where=str(path))
            yield from files_of(within)
        elif path.is_file():
            yield path.as_posix(), path
        else:
            raise DisclosureError("There is no such file", where=str(path), todo="Check its path")


def _check_folder(folder: Path, given: Iterable[Path]) -> None:
    """Refuse a folder for mended copies in which what was given lies: nothing is mended in place."""
    for path in given:
        if folder.resolve() == path.resolve().parent or folder.resolve().is_relative_to(path.resolve()):
            raise DisclosureError("Mended copies go to a folder of their own", where=str(folder), todo="Name another")


def _mend(name: str, path: Path, found: Inspection, folder: Path, context: Context) -> dict[str, Inspection]:
    """Write the copies that each mend makes of one file, and return what is found in those, by their path."""
    made: dict[str, Inspection] = {}
    for fix in fixes_for(found):
        relative = Path(name) if not Path(name).is_absolute() and ".." not in Path(name).parts else Path(path.name)
        target = folder / fix.name / relative
        target = target.with_suffix(_EXTENSIONS.get(fix.name, target.suffix))
        try:
            data = mended(path, fix.name, context)
        except DisclosureError as error:
            print(f"{name}: {error.sentence()}", file=sys.stderr)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        made[target.as_posix()] = inspect(target, context, name=target.name)
    return made


def _tell(found: dict[str, Inspection], options: argparse.Namespace) -> None:
    if options.json:
        for name, inspection in found.items():
            print(json.dumps({"file": name, **inspection.to_json()}))
    elif options.sarif:
        from tre.disclosure.sarif import sarif

        print(json.dumps(sarif(found, load_policy()), indent=2))
    else:
        from rich.console import Console

        from tre.disclosure.telling import tell

        tell(found, Console())
