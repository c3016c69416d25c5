"""What anybody may ask without a token, as the pages show it without signing in: the catalogue and the register."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from tre.api.told.catalogue import DatasetRow, DatasetTold
from tre.api.told.common import Page, PageNumber, cut
from tre.catalogue import pages
from tre.catalogue.contracts import dataset as contract_of
from tre.catalogue.contracts import datasets as contracts
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
