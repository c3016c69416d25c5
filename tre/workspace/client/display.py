"""How the platform's answers look in a notebook. What others wrote is escaped: it is shown, never run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

_AMOUNTS = ("epsilon", "spent_epsilon", "left_epsilon")


def text(value: object) -> str:
    """Return a value as HTML's text."""
    return escape(str(value))


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return an HTML table."""
    top = "".join(f"<th>{text(each)}</th>" for each in heads)
    body = "".join("<tr>" + "".join(f"<td>{text(each)}</td>" for each in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


class Budget(dict[str, Any]):
    """A project's privacy budget: ``epsilon``, ``delta``, what is spent of both, and ``spends``."""

    def _repr_html_(self) -> str:
        left = max(0.0, self["epsilon"] - self["spent_epsilon"])
        said = f"Epsilon: {self['spent_epsilon']:g} of {self['epsilon']:g} is spent; {left:g} is left."
        spends = [(each["spend"], each["purpose"], f"{each['epsilon']:g}", each["state"]) for each in self["spends"]]
        listed = table(("spend", "purpose", "epsilon", "state"), spends) if spends else ""
        return (
            f'<p>{text(said)} <meter max="{self["epsilon"]:g}" value="{self["spent_epsilon"]:g}"></meter></p>{listed}'
            f"{self._ledgers()}{self._choices()}"
        )

    def _choices(self) -> str:
        """Return what each epsilon would cost and was worth on public data, with the platform's own drawing of it."""
        told = self.get("accuracy")
        if not told:
            return ""
        heads = ("epsilon", "adds", "covered", *(f"{told['figure']}, {many:,} people" for many in told["persons"]))
        rows = [
            (
                f"{each['epsilon']:g}", "more than any" if each["added"] is None else f"{each['added']:.3g}",
                "yes" if each["covered"] else "no",
                *(f"{of['mean']:.3f} ± {of['spread']:.3f}" for of in each["figures"]),
            )
            for each in told["choices"]
        ]  # fmt: skip
        said = f"What an epsilon would cost, and what it was worth on public data: {told['data']}."
        return f'<p>{text(said)}</p>{table(heads, rows)}<div style="max-width: 28rem">{told["svg"]}</div>'

    def _ledgers(self) -> str:
        rows = [
            (
                f"{each['scope']} {each['name']}",
                *(f"{each[name]:.3g}" for name in ("epsilon", "spent_epsilon", "left_epsilon")),
            )
            for each in self.get("ledgers", ())
        ]
        return table(("taken from", "epsilon", "spent", "left"), rows) if rows else ""


class Prices(list[dict[str, Any]]):
    """What a spend would cost each ledger: ``scope``, ``name``, ``epsilon``, what is ``added``, if ``covered``.

    ``off`` tells of a question how far a count of persons would be off, where one was asked for. ``training`` tells of
    a training how noisy it would be: see :class:`ml.quote.Quote`.
    """

    off: float | None = None
    training: dict[str, Any] | None = None

    def _repr_html_(self) -> str:
        rows = [
            (
                f"{each['scope']} {each['name']}", f"{each['epsilon']:g}",
                "more than any" if each["added"] is None else f"{each['added']:g}", "yes" if each["covered"] else "no",
            )
            for each in self
        ]  # fmt: skip
        return table(("taken from", "epsilon by itself", "adds", "covered"), rows) + self._training()

    def _training(self) -> str:
        told = self.training
        if told is None:
            return ""
        said = f"Each step has noise of {told['noise']:.3g} times the clipping bound."
        if told["settings"] > 1:
            said += (
                f" The search makes {told['trials']:g} trials on average among {told['settings']} settings; one"
                f" training of the same price would have noise of {told['without_search']:.3g}, one of the same noise"
                f" would cost epsilon {told['one_trial']:.3g}."
            )
        return f"<p>{text(said)}</p>"


class Request(dict[str, Any]):
    """A request for release: ``request`` (its number), ``state``, ``context`` and ``files``."""

    def _repr_html_(self) -> str:
        head = f"Request {self['request']}: {str(self['state']).replace('_', ' ')}"
        rows = [(file["name"], file.get("verdict") or "", _findings(file)) for file in self["files"]]
        return f"<p>{text(head)}</p>{table(('file', 'verdict', 'findings'), rows)}"


class Requests(list[Request]):
    """Requests for release, newest first."""

    def _repr_html_(self) -> str:
        if not self:
            return "<p>No request yet. tre.submit(FILES, context=...) makes one.</p>"
        rows = [
            (each["request"], str(each["state"]).replace("_", " "), ", ".join(file["name"] for file in each["files"]))
            for each in self
        ]
        return table(("request", "state", "files"), rows)


class Inspected(dict[str, Any]):
    """What inspection found in one file: ``file``, ``verdict``, ``type``, ``findings`` and the names of ``fixes``."""

    def _repr_html_(self) -> str:
        said = f"{self['file']}: {self['verdict']}"
        rows = [
            (each["severity"], each["location"], f"{each['count']:,}", f"{each['why']} {each['fix']}", each["sample"])
            for each in self["findings"]
        ]
        heads = ("", "where", "times", "what it is, and what to do", "sample, masked")
        return f"<p>{text(said)}</p>{table(heads, rows) if rows else ''}"


def _findings(file: dict[str, Any]) -> str:
    return "; ".join(str(each.get("why", "")) for each in file.get("findings", ()))
