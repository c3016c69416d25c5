"""What the installation leaves for sandboxes, which see it as users of their own and cannot add to it."""

from __future__ import annotations

from importlib.util import cache_from_source, find_spec
from pathlib import Path

import pytest


@pytest.mark.parametrize("package", ["grpc", "jupyter_server", "numpy", "pandas", "pyarrow", "pyspark", "traitlets"])
def test_sandboxes_find_the_packages_compiled(package: str) -> None:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent
    sources = [each for each in folder.rglob("*.py") if not {"test", "tests"} & set(each.parts)]
    compiled = [made for each in sources if (made := Path(cache_from_source(str(each)))).exists()]
    assert len(compiled) > 0.8 * len(sources), "is it compiled? .ci/bootstrap dev"
    assert [str(made) for made in compiled if not made.stat().st_mode & 0o004] == []
    folders = {made.parent for made in compiled}
    assert [str(each) for each in folders if each.stat().st_mode & 0o005 != 0o005] == []
