"""Genotypes with a column for each person, as VCF has them, and PLINK's list of a study's people.

VCF 4.3, section 1.5: behind FORMAT each column is a sample. PLINK's .fam has a line for each person: family, one's own
name, father, mother, sex and phenotype, noughts where the parents are not in the study.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tre.disclosure.contents import Table
from tre.disclosure.detectors.counts import share
from tre.disclosure.model import Hit

_SAMPLES = re.compile(
    r"#CHROM\s+POS\s+ID\s+REF\s+ALT\s+QUAL\s+FILTER\s+INFO\s+FORMAT[ \t]+(\S[^\n]*)(\n[^\n]*\d[|/.])?"
)
_GENOTYPE = r"^(?:[0-9]|\.)[/|](?:[0-9]|\.)(?::.*)?$"
_FOUNDER = re.compile(
    r"^[ \t]*([^\s,;|]{1,60})[ \t]+([^\s,;|]{1,60})[ \t]+0[ \t]+0[ \t]+([0-2])[ \t]+(?:-9|[0-2]|NA)[ \t]*$",
    re.MULTILINE,
)
_COLUMNS, _ROWS = 6, 5000  # of such a list, and how many are looked at
_MOSTLY = 0.9
_MOST = 262_144  # characters of a text that are looked at


def find_genomes(where: str, text: str, shape: Mapping[str, float]) -> Iterator[Hit]:
    """Yield hits for genotypes of samples, and for a study's people without parents in it, in a text.

    Parameters
    ----------
    shape : mapping
        ``id_rows``, from which rows that name a person are records.
    """
    found = list(_SAMPLES.finditer(text)) if "#CHROM" in text else []
    if samples := sum(len(each[1].split()) for each in found):
        called = any(each[2] for each in found)  # one person's genotypes are enough to know them by
        rule = "record-level" if called or samples >= shape["id_rows"] else "possible-records"
        yield Hit(rule, "genotypes", where, "", samples, "", 0.9)
    yield from _founders(where, text[:_MOST], shape)


def _founders(where: str, lines: str, shape: Mapping[str, float]) -> Iterator[Hit]:
    people = {found for found in _FOUNDER.findall(lines) if not found[1].isdecimal()}
    if len({sex for *_, sex in people} & {"1", "2"}) == 2 and len(people) >= shape["id_rows"]:
        yield Hit("record-level", "pedigree", where, "", len(people), "", 0.85)


def find_genotypes(table: Table, shape: Mapping[str, float]) -> Iterator[Hit]:
    """Yield a hit for columns of genotypes, where each column or each row is a person's, or for a study's people.

    Parameters
    ----------
    shape : mapping
        ``id_rows``, columns or rows from which they are records.
    """
    if table.rows < shape["id_rows"] or len(table.names) < shape["id_rows"]:
        return
    if len(table.names) == _COLUMNS:
        rows = zip(*(column[:_ROWS].to_pylist() for column in table.columns), strict=True)
        yield from _founders(table.where, "\n".join(map("\t".join, rows)), shape)
    told = sum(share(column, _GENOTYPE) >= _MOSTLY for column in table.columns)
    if told >= shape["id_rows"]:
        yield Hit("record-level", "genotypes", table.where, "", told, "", 0.9)
