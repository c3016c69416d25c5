"""What anybody may ask without a token, as the pages show it without signing in: the catalogue and the register."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from tre.api.told.catalogue import DatasetRow, DatasetTold, FieldWhole, HitTold, SeriesTold, Words
from tre.api.told.common import Page, PageNumber, cut
from tre.catalogue import pages, quality
from tre.catalogue.contracts import dataset as contract_of
from tre.catalogue.contracts import datasets as contracts
from tre.catalogue.search import find
from tre.errors import Missing
from tre.projects import register as entries

router = Router(tags=["Public"])


@router.get("/datasets", response=list[DatasetRow])
def datasets(request: HttpRequest) -> list[DatasetRow]:
    """List every dataset that there is a contract for."""
    newest = pages.newest_versions()
    return [DatasetRow.of(each, newest.get(each.name)) for each in contracts().values()]


@router.get("/datasets/{slug:name}", response=DatasetTold)
def dataset(request: HttpRequest, name: str) -> DatasetTold:
    """Show one dataset with its fields."""
    found = contract_of(name)
    return DatasetTold.whole(found, pages.newest_versions().get(name))


@router.get("/datasets/{slug:name}/quality", response=list[SeriesTold])
def quality_of(request: HttpRequest, name: str) -> list[SeriesTold]:
    """Show how good a dataset was over its builds, by dimension; shares of few are not told."""
    return [SeriesTold.of(each) for each in quality.series(contract_of(name).name)]


@router.get("/datasets/{slug:name}/fields/{slug:field}", response=FieldWhole)
def field(request: HttpRequest, name: str, field: str) -> FieldWhole:
    """Show one field: what it means, which codes it holds, how well it is filled, and who uses it."""
    return FieldWhole.whole(contract_of(name), field)


@router.get("/search", response=list[HitTold])
def search(request: HttpRequest, q: Words = "") -> list[HitTold]:
    """Find datasets and fields by words, best first; without a word, none."""
    return [HitTold.of(each) for each in find(q)]


@router.get("/register", response=Page[dict[str, str]])
def register(request: HttpRequest, page: PageNumber = 1) -> Page[dict[str, str]]:
    """List the public data-use register, in the fields of the national standard."""
    found, more = cut(list(entries.projects()), page)
    return Page[dict[str, str]](items=entries.as_values(found), page=page, more=more)


@router.get("/register/{slug:code}", response=dict[str, str])
def entry(request: HttpRequest, code: str) -> dict[str, str]:
    """Show one entry of the register."""
    found = entries.as_values(entries.projects().filter(code=code))
    if not found:
        raise Missing("The register has no such project", where=code)
    return found[0]
