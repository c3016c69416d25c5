"""A policy in plain English, translated from its own syntax tree: what stands on the page is what is decided.

The tree is Cedar's JSON policy format (Cedar policy language reference, "JSON policy format"). Each form of it has one
translation; a form that has none is refused, so that no policy is ever told in part. A negation is carried inwards to
what it denies (De Morgan), where English has words for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Tree = Mapping[str, Any]

# What an act is called. One that is missing is called by its name: see :func:`act_in_words`.
_ACTS = {
    "accept_risk": "accept the risk of an extract",
    "apply_for_project": "apply for a project",
    "approve_project": "approve a project",
    "ask_change": "ask for a change of a project",
    "assess_application": "assess an application",
    "build_warehouse": "build the warehouse",
    "change_account": "change an account",
    "change_application": "change an application",
    "change_request": "change what a request holds",
    "close_project": "close a project",
    "comment_request": "comment on a request",
    "decide_dataset": "decide about a dataset of a project",
    "destroy_extract": "destroy an extract",
    "download_output": "download an output",
    "land_submission": "land a submission",
    "manage_people": "see and invite people",
    "open_workspace": "open a workspace",
    "provision_extract": "provision an extract",
    "read_audit": "read the audit log",
    "read_certificate": "read a certificate",
    "manage_registry": "retire a released model, and say which version its alias names",
    "read_registry": "read the release registry",
    "read_submissions": "read what submissions held",
    "recall_output": "recall an output",
    "register_model": "register a model",
    "release_output": "release an output",
    "review_linkage": "review linkage",
    "review_request": "review a request",
    "set_quota": "set a quota",
    "spend_budget": "spend a privacy budget",
    "submit_output": "submit an output",
    "view_project": "view a project",
    "view_request": "view a request",
    "view_safes": "see a project by the Five Safes",
    "withdraw_application": "withdraw an application",
    "withdraw_data": "withdraw data",
    "withdraw_request": "withdraw a request",
}
_PLURAL = {
    "is": "are",
    "has": "have",
    "does": "do",
    "holds": "hold",
    "leads": "lead",
    "answers": "answer",
    "was": "were",
}
# What is true or false of a person, said of one who has it and of one who has not.
_OF_A_PERSON = {
    "training_current": ("has current training", "has no current training"),
    "second_factor": ("has signed in with a second factor", "has not signed in with a second factor"),
}
# What a person has several of.
_SETS = {
    "roles": ("holds the role {}", "does not hold the role {}"),
    "projects": ("is a member of {}", "is no member of {}"),
    "past_projects": ("was once a member of {}", "was never a member of {}"),
    "leads": ("leads {}", "does not lead {}"),
    "controllers": ("answers for {}", "does not answer for {}"),
}
# What a resource is in, rather than has.
_CONDITIONS = frozenset({"state", "status"})


class NoWords(ValueError):
    """A policy has a form that has no translation."""


@dataclass(frozen=True)
class Clause:
    """One thing said of the person who asks, or of what is asked about."""

    subject: str
    says: str

    @property
    def of_the_person(self) -> bool:
        """Whether it can stand in "someone who ..."."""
        return not self.subject

    def whole(self) -> str:
        """Return it as a clause with its subject."""
        if self.subject:
            return f"{self.subject} {self.says}"
        verb, _, rest = self.says.partition(" ")
        return f"they {_PLURAL[verb]} {rest}"


@dataclass(frozen=True)
class Group:
    """Several things of which all, or any, must hold."""

    parts: tuple[Clause | Group, ...]
    every: bool

    @property
    def of_the_person(self) -> bool:
        """Whether all of it can stand in "someone who ..."."""
        return all(part.of_the_person for part in self.parts)


@dataclass(frozen=True)
class Rule:
    """One policy: its name, whether it permits, the acts it is about (none: every act), and its condition.

    Parameters
    ----------
    kind : str
        The kind of resource that it is about; empty for every kind.
    """

    identity: str
    permits: bool
    acts: tuple[str, ...]
    kind: str
    condition: Tree

    def about(self, act: str, kinds: Iterable[str]) -> bool:
        """Return whether it has anything to say of an act that is asked about resources of these kinds."""
        return (not self.acts or act in self.acts) and (not self.kind or self.kind in kinds)

    def sentence(self, acts: Mapping[str, Iterable[str]]) -> str:
        """Return the whole policy as one sentence.

        Parameters
        ----------
        acts : mapping of str to iterable of str
            The acts to tell of, each with the kinds of resource that it may be asked about.

        Raises
        ------
        NoWords
            When a part of the condition has no translation.
        """
        told = listed([act_in_words(act) for act in acts], "or")
        kinds = {self.kind} if self.kind else {kind for each in acts.values() for kind in each}
        condition = _clauses(self.condition, _noun(kinds))
        return _permit(told, condition) if self.permits else _forbid(told, condition)


def read(body: Tree) -> Rule:
    """Return a policy from its syntax tree.

    Raises
    ------
    NoWords
        When its scope names a single person or thing, or a part of it is of an unknown form.
    """
    if body["effect"] not in ("permit", "forbid"):
        raise NoWords(f"an effect that is unknown: {body['effect']}")
    if body["principal"] != {"op": "All"}:
        raise NoWords("a policy about a single person")
    kind = body["resource"]
    if kind != {"op": "All"} and set(kind) != {"op", "entity_type"}:
        raise NoWords("a policy about a single thing")
    parts = [_condition(each) for each in body["conditions"]]
    whole: Tree = {"Value": True}
    for part in parts:
        whole = part if whole == {"Value": True} else {"&&": {"left": whole, "right": part}}
    return Rule(
        body.get("annotations", {}).get("id", ""),
        body["effect"] == "permit",
        _acts(body["action"]),
        kind.get("entity_type", ""),
        whole,
    )


def act_in_words(act: str) -> str:
    """Return what an act is called in a sentence: "review a request"."""
    return _ACTS.get(act, act.replace("_", " "))


def listed(parts: Sequence[str], word: str) -> str:
    """Return a list in words: "a, b or c"."""
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}" if len(parts) > 1 else parts[0]


def _acts(scope: Tree) -> tuple[str, ...]:
    if scope == {"op": "All"}:
        return ()
    named = scope.get("entities") or [scope.get("entity")]
    if scope.get("op") not in ("==", "in") or any(set(each or ()) != {"type", "id"} for each in named):
        raise NoWords("a scope of acts that is unknown")
    return tuple(str(each["id"]) for each in named)


def _condition(told: Tree) -> Tree:
    if told["kind"] not in ("when", "unless"):
        raise NoWords(f"a kind of condition that is unknown: {told['kind']}")
    body: Tree = told["body"]
    return body if told["kind"] == "when" else {"!": {"arg": body}}


def _permit(told: str, condition: Clause | Group | None) -> str:
    if condition is None:
        return f"Anyone may {told}."
    parts = condition.parts if isinstance(condition, Group) and condition.every else (condition,)
    who = [_who(part) for part in parts if part.of_the_person]
    rest = [_whole(part) for part in parts if not part.of_the_person]
    person = f"Someone who {listed(who, 'and')}" if who else "Anyone"
    only = f", if {listed(rest, 'and')}" if rest else ""
    return f"{person} may {told}{only}."


def _forbid(told: str, condition: Clause | Group | None) -> str:
    if condition is None:
        return f"Nobody may {told}."
    return f"Nobody may {told} if {_top(condition)}."


def _top(condition: Clause | Group) -> str:
    if isinstance(condition, Clause):
        return condition.whole()
    return listed([_whole(part) for part in condition.parts], "and" if condition.every else "or")


def _who(part: Clause | Group) -> str:
    return part.says if isinstance(part, Clause) else _joined([_who(each) for each in part.parts], part.every)


def _whole(part: Clause | Group) -> str:
    return part.whole() if isinstance(part, Clause) else _joined([_whole(each) for each in part.parts], part.every)


def _joined(parts: Sequence[str], every: bool) -> str:
    """Return an inner group so that nobody can read it as joined with what stands around it."""
    return f"(both {' and '.join(parts)})" if every else f"(either {' or '.join(parts)})"


def _noun(kinds: Iterable[str]) -> str:
    return f"the {listed(sorted(kind.lower() for kind in kinds), 'or')}"


def _clauses(tree: Tree, noun: str, holds: bool = True) -> Clause | Group | None:
    """Return what a condition says, or what its negation says; None for the condition that is always true."""
    form, body = _form(tree)
    if form == "Value" and body is True and holds:
        return None
    if form == "!":
        return _clauses(body["arg"], noun, not holds)
    if form in ("&&", "||"):
        return _group(form, body, noun, holds)
    if form in ("==", "!="):
        return _equal(body["left"], body["right"], noun, holds == (form == "=="))
    if form == "contains":
        return _contains(body["left"], body["right"], noun, holds)
    if form == ".":
        return _attribute(body, holds)
    raise NoWords(f"a condition of the form '{form}'")


def _form(tree: Tree) -> tuple[str, Any]:
    if len(tree) != 1:
        raise NoWords("a condition that is no single form")
    return next(iter(tree.items()))


def _group(form: str, body: Tree, noun: str, holds: bool) -> Clause | Group:
    every = (form == "&&") == holds
    parts: list[Clause | Group] = []
    for side in ("left", "right"):
        part = _clauses(body[side], noun, holds)
        if part is None:
            raise NoWords("a condition that is always true within another")
        parts += part.parts if isinstance(part, Group) and part.every == every else (part,)
    one = None if every else _one_clause(parts)
    return one or Group(tuple(parts), every)


def _one_clause(parts: Sequence[Clause | Group]) -> Clause | None:
    """Return "holds the role a or b" for several roles of which any is enough."""
    start = _SETS["roles"][0].format("")
    told = [part.says for part in parts if isinstance(part, Clause) and part.says.startswith(start)]
    if len(told) != len(parts):
        return None
    return Clause("", start + listed([each.removeprefix(start) for each in told], "or"))


def _equal(left: Tree, right: Tree, noun: str, holds: bool) -> Clause:
    if left == {"Var": "principal"} or "Value" in left:
        left, right = right, left
    verb = "is" if holds else "is not"
    if right == {"Var": "principal"}:
        return Clause("", f"{verb} {_possession(left, noun)}")
    value = right.get("Value")
    attribute = _attribute_of(left, "resource")
    if attribute is None or not isinstance(value, str):
        raise NoWords("an equality that is neither with the person nor with a text")
    return _told(noun, attribute, verb, _value(value))


def _told(noun: str, attribute: str, verb: str, words: str) -> Clause:
    subject = noun if attribute in _CONDITIONS else _of(noun, attribute)
    return Clause(subject, f"{verb} {words}")


def _of(noun: str, attribute: str) -> str:
    return f"{noun}'s {_value(attribute)}"


def _possession(tree: Tree, noun: str) -> str:
    """Return what the person is, when this is the person: "the request's author", or "the account itself"."""
    if tree == {"Var": "resource"}:
        return f"the person whose {noun.removeprefix('the ')} it is"
    attribute = _attribute_of(tree, "resource")
    if attribute is None:
        raise NoWords("an equality with the person that is unknown")
    return _of(noun, attribute)


def _contains(left: Tree, right: Tree, noun: str, holds: bool) -> Clause:
    if "Set" in left:
        return _one_of(left["Set"], right, noun, holds)
    attribute = _attribute_of(left, "principal")
    if attribute not in _SETS:
        raise NoWords(f"a set that is unknown: {attribute}")
    return Clause("", _SETS[attribute][not holds].format(_member(right, noun)))


def _one_of(values: Sequence[Tree], right: Tree, noun: str, holds: bool) -> Clause:
    attribute, told = _attribute_of(right, "resource"), [each.get("Value") for each in values]
    if attribute is None or not told or not all(isinstance(each, str) for each in told):
        raise NoWords("a set that is not of texts")
    words = [_value(str(each)) for each in told]
    return _told(noun, attribute, "is" if holds else "is neither", listed(words, "or" if holds else "nor"))


def _member(tree: Tree, noun: str) -> str:
    """Return what is in the set: a text, or what is asked about, or an attribute of that."""
    if isinstance(tree.get("Value"), str):
        return _value(tree["Value"])
    attribute = _attribute_of(tree, "resource")
    if attribute is None:
        raise NoWords("a member of a set that is neither a text nor an attribute")
    return noun if attribute == "code" else _of(noun, attribute)  # a code is the thing's own name


def _attribute(body: Tree, holds: bool) -> Clause:
    attribute = _attribute_of({".": body}, "principal")
    if attribute not in _OF_A_PERSON:
        raise NoWords(f"an attribute that is unknown: {body['attr']}")
    return Clause("", _OF_A_PERSON[attribute][not holds])


def _attribute_of(tree: Tree, variable: str) -> str | None:
    body = tree.get(".")
    return str(body["attr"]) if body and body["left"] == {"Var": variable} else None


def _value(text: str) -> str:
    return text.replace("_", " ")
