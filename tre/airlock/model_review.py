"""What checkers look at of a model: its card, what was spent for it, the data, its signature, and attacks on it.

The web process reads the package's JSON, as values that it shows, and nothing else of it: weights and everything that
has to be recomputed are the learning plane's, which does so before it releases.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from tre.airlock.attacks import attack_report
from tre.airlock.card_groups import Row, told_of_groups
from tre.airlock.models import Release, Request, RequestFile
from tre.airlock.naming import PRIVATE_WEIGHTS, model_folders, weights_in
from tre.airlock.storage import storage
from tre.privacy.models import Payment, Spend
from tre.projects.models import Extract

_MOST_BYTES = 256 * 1024
_MOST_LETTERS, _MOST_VALUES = 400, 60
_EXTRACT, _NUMBER = ", extract ", re.compile(r"[0-9]{1,8}")  # as tre.workspace.client.learning writes a data version
_CARD = ("purpose", "target", "privacy_unit", "code_hash")


@dataclass(frozen=True)
class Paid:
    """What the ledger says of a model: the spend that paid for it, or that would when it is released."""

    spend: Spend | None
    bound: bool = False
    claimed: bool = True

    @property
    def words(self) -> str:
        """Return it in a sentence."""
        if not self.claimed:
            return "Nothing is paid for it: it makes no claim of privacy."
        if self.spend is None:
            return "No unused spend of the project covers it. It cannot be released before there is one."
        amount = f"epsilon {self.spend.epsilon.normalize():f} and delta {float(self.spend.delta):.2g}"
        if self.bound:
            return f"Spend {self.spend.pk}, {amount}, paid for it."
        return f"Spend {self.spend.pk}, {amount}, is committed and pays for it when it is released."


@dataclass(frozen=True)
class ShownModel:
    """One model as the page shows it; `why` says why its card cannot be read, `groups` what it tells of groups."""

    folder: str
    card: Mapping[str, str]
    features: tuple[str, ...]
    figures: Mapping[str, str]
    limits: tuple[str, ...]
    epsilon: str
    delta: str
    data: str
    paid: Paid
    signature: str
    attack: Mapping[str, Any] | None
    why: str = ""
    groups: tuple[Row, ...] = ()


def models_of(request: Request, files: Sequence[RequestFile]) -> list[ShownModel]:
    """Return the models among the files of one turn of a request."""
    by_name = {file.name: file for file in files if file.leaves}
    release = Release.objects.filter(request=request).first()
    return [_model(request, folder, by_name, release) for folder in model_folders(list(by_name))]


def _model(request: Request, folder: str, by_name: Mapping[str, RequestFile], release: Release | None) -> ShownModel:
    weights = by_name[weights_in(folder, by_name)]
    training, card = (_read(by_name.get(f"{folder}/{name}")) for name in ("model.json", "card.json"))
    why = "" if training and card else "Its description or its card is not JSON that can be shown here."
    claimed = weights.name.endswith(f"/{PRIVATE_WEIGHTS}")
    epsilon, delta = _word(training.get("epsilon")), _word(training.get("delta"))
    return ShownModel(
        folder,
        {name.replace("_", " "): _word(card[name]) for name in _CARD if name in card},
        _words(card.get("features")),
        _pairs(card.get("figures")),
        _words(card.get("limits")),
        epsilon,
        delta,
        _data(request, _word(training.get("data_version"))),
        _paid(request, weights.sha256, epsilon, delta) if claimed else Paid(None, claimed=False),
        _signature(folder, request, release),
        attack_report(weights),
        why,
        told_of_groups(card.get("groups")),
    )


def _read(file: RequestFile | None) -> dict[str, Any]:
    """Return a file's JSON object; an empty one where it is none, or larger than a card is."""
    if file is None or file.size > _MOST_BYTES:
        return {}
    try:
        told = json.loads(b"".join(storage().chunks(file.sha256)))
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _data(request: Request, version: str) -> str:
    """Return what the data version is to the project: one of its extracts, and how that stands."""
    code, _, number = version.partition(_EXTRACT)
    known = code == request.project.code and _NUMBER.fullmatch(number)
    found = Extract.objects.filter(project=request.project, number=int(number)).first() if known else None
    return f"{version}, which is {found.state}" if found else f"{version or 'Not said'}: no extract of this project"


def _paid(request: Request, weights: str, epsilon: str, delta: str) -> Paid:
    before = Payment.objects.select_related("spend").filter(model=weights).first()
    if before is not None:
        return Paid(before.spend, bound=True)
    try:
        least = Decimal(epsilon), Decimal(delta)
    except InvalidOperation:
        return Paid(None)
    if not all(each.is_finite() for each in least):
        return Paid(None)
    unused = Spend.objects.filter(ledger__project=request.project, state=Spend.State.COMMITTED, payment=None)
    ordered = unused.order_by("epsilon", "delta", "id")  # as tre.privacy.services.pay takes them
    return Paid(next((each for each in ordered if each.epsilon >= least[0] and each.delta >= least[1]), None))


def _signature(folder: str, request: Request, release: Release | None) -> str:
    name = folder.rpartition("/")[2]
    for model in release.models_registered if release else ():
        if str(model.get("name", "")) == f"{request.project.code}-{name}":
            told = f"{model['name']}, version {model['version']}"
            over = " It is recalled." if request.state == "recalled" else ""
            return f"Signed with the release key, and registered as {told}.{over}"
    return "Not signed yet. The platform signs it when it is released, over the bytes that are approved here."


def _pairs(value: Mapping[str, Any] | object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        return {}
    return {_word(name): _word(told) for name, told in list(value.items())[:_MOST_VALUES]}


def _words(value: object) -> tuple[str, ...]:
    listed: Iterable[object] = value[:_MOST_VALUES] if isinstance(value, list) else ()
    return tuple(_word(each) for each in listed)


def _word(value: object) -> str:
    """Return a value of the package as text of a length that a page has room for."""
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _MOST_LETTERS else f"{text[:_MOST_LETTERS]}…"
