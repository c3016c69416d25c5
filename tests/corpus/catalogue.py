"""Everything the corpus is composed of, gathered from its modules."""

from __future__ import annotations

from tests.corpus.clean import messages as clean_messages
from tests.corpus.clean import printouts as clean_printouts
from tests.corpus.clean import results as clean_results
from tests.corpus.clean import traces as clean_traces
from tests.corpus.clean import wholes as clean_wholes
from tests.corpus.clean.figures import FIGURES as CLEAN_FIGURES
from tests.corpus.clean.files import FILES as CLEAN_FILES
from tests.corpus.clean.lookalikes import LOOKALIKES
from tests.corpus.clean.models import MODELS
from tests.corpus.clean.releases import RELEASES as CLEAN_RELEASES
from tests.corpus.clean.sentences import SENTENCES
from tests.corpus.clean.tables import TABLES as CLEAN_TABLES
from tests.corpus.clean.wordings import WORDINGS
from tests.corpus.clean.workings import WORKINGS
from tests.corpus.formats import (
    archives,
    columnar,
    databases,
    delimited,
    drawing,
    images,
    models,
    notebooks,
    office,
    opendocument,
    packages,
    pages,
    portable,
    raster,
    text,
    workbook,
)
from tests.corpus.model import Carrier, Special, TableCarrier, TableWriting, Writing
from tests.corpus.techniques import messages, printouts, respelt, results, traces, wholes
from tests.corpus.techniques.analyses import ANALYSES
from tests.corpus.techniques.births_and_homes import BIRTHS_AND_HOMES
from tests.corpus.techniques.covert import COVERT
from tests.corpus.techniques.devices import DEVICES
from tests.corpus.techniques.disguises import DISGUISES
from tests.corpus.techniques.encodings import ENCODED
from tests.corpus.techniques.figures import FIGURES
from tests.corpus.techniques.files import FILES
from tests.corpus.techniques.letters import LETTERS
from tests.corpus.techniques.names import NAMED
from tests.corpus.techniques.numbers import NUMBERS
from tests.corpus.techniques.pseudonyms import PSEUDONYM
from tests.corpus.techniques.releases import RELEASES
from tests.corpus.techniques.tables import LEAKING
from tests.corpus.techniques.weights import WEIGHTS

CARRIERS: tuple[Carrier, ...] = (
    *text.CARRIERS, *delimited.CARRIERS, *columnar.CARRIERS, *workbook.CARRIERS, *opendocument.CARRIERS,
    *office.CARRIERS, *pages.CARRIERS, *drawing.CARRIERS, *notebooks.CARRIERS, *raster.CARRIERS, *portable.CARRIERS,
    *archives.CARRIERS, *packages.CARRIERS, *databases.CARRIERS, *images.CARRIERS, *models.CARRIERS,
)  # fmt: skip
TABLE_CARRIERS: tuple[TableCarrier, ...] = (
    *text.TABLES, *delimited.TABLES, *columnar.TABLES, *workbook.TABLES, *opendocument.TABLES, *office.TABLES,
    *pages.TABLES, *notebooks.TABLES, *portable.TABLES, *archives.TABLES, *packages.TABLES, *databases.TABLES,
)  # fmt: skip
LEAK_WRITINGS: tuple[Writing, ...] = (
    *NUMBERS, *NAMED, *PSEUDONYM, *ENCODED,
    *printouts.PRINTOUTS, *traces.TRACES, *messages.MESSAGES, *respelt.RESPELT, *BIRTHS_AND_HOMES,
    *LETTERS, *DEVICES, *ANALYSES, *DISGUISES,
)  # fmt: skip
LEAK_TABLES: tuple[TableWriting, ...] = (*LEAKING, *results.RESULTS, *RELEASES)
LEAK_SPECIALS: tuple[Special, ...] = (*FIGURES, *WEIGHTS, *COVERT, *wholes.WHOLES, *FILES)
CLEAN_WRITINGS: tuple[Writing, ...] = (
    *LOOKALIKES,
    *clean_printouts.PRINTOUTS, *clean_traces.TRACES, *clean_messages.MESSAGES, *WORDINGS,
    *SENTENCES, *WORKINGS,
)  # fmt: skip
CLEAN_TABLE_WRITINGS: tuple[TableWriting, ...] = (*CLEAN_TABLES, *clean_results.RESULTS, *CLEAN_RELEASES)
CLEAN_SPECIALS: tuple[Special, ...] = (*CLEAN_FIGURES, *MODELS, *clean_wholes.WHOLES, *CLEAN_FILES)
