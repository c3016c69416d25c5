"""Nothing in the product decides by a role, a flag or a name of its own: it asks the decision point, or this fails.

The syntax tree of every module is walked, and the text of every template. What knows roles without deciding by them is
listed below, each with its reason; an entry that is no longer needed fails as well.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tre.config.options import REPOSITORY
from tre.people.domain import ROLES

# By module and function: why this is no decision about who asks.
KNOWN = {
    "demonstration.py _enrol": "whose datasets a made-up owner answers for",
    "people/administration.py set_controllers": "what may be given to the account that it is done to",
    "people/views.py _controllers_form": "which form fits the account that is shown",
    "projects/applying.py check_people": "who may be named in a project, whoever names them",
    "workspace/usage.py lines": "which rows are counted, for who was allowed to see them",
    "people/domain.py ": "which roles one person may not hold together",
    "people/administration.py set_roles": "whose invitations are withdrawn, when it is done to an operator",
    "evidence/checks/people.py unique": "whether roles are those that the audit log tells, whoever asks",
    "airlock/seeing.py is_author": "the rule that an author does not see what checkers see, once the request is shown",
    "airlock/seeing.py visible_reviews": "the rule that checkers are blind to each other, once the request is shown",
    "airlock/assignments.py _check_place": "the place that the policy keeps for a role, once review is allowed",
    "airlock/deciding.py _approves": "what the policy asks for besides, of reviews that were allowed",
    "airlock/telling.py free_checkers": "who is told that a review is wanted; whoever takes it is asked about",
    "airlock/recalls.py _who_has_it": "who is told, whoever recalls",
    "projects/extract_views.py _page": "whether to offer what services refuse: who asked accepts no risk",
    "projects/domain.py check_acceptable": "the rule of two persons for one extract, once the act is allowed",
}
_FLAGS = {
    "is_superuser", "is_staff", "has_perm", "has_perms", "has_module_perms", "user_passes_test", "permission_required",
    "staff_member_required", "PermissionRequiredMixin", "UserPassesTestMixin",
}  # fmt: skip
_PERSONS = {"username", "actor", "asked_by", "author", "checker"}
_ASKING = {"filter", "exclude", "get", "get_or_create"}
_DECIDES = ("tre/policy/", "migrations/")


def faults(source: str) -> Iterator[tuple[str, str]]:
    """Return what decides by itself, with the function that it stands in."""
    tree = ast.parse(source)
    for node, function in _within(tree, ""):
        if isinstance(node, ast.Attribute | ast.Name) and _name(node) in _FLAGS:
            yield function, f"a flag: {_name(node)}"
        elif isinstance(node, ast.alias) and node.name.split(".")[-1] in _FLAGS:
            yield function, f"a flag: {node.name}"
        elif isinstance(node, ast.Compare):
            yield from ((function, each) for each in _compared(node))
        elif isinstance(node, ast.Call) and _name(node.func) in _ASKING:
            if any(_is_role(each.value) for each in node.keywords):
                yield function, "a search for a role"
        elif isinstance(node, ast.If | ast.IfExp | ast.While | ast.BoolOp | ast.Assert):
            tested = node.values if isinstance(node, ast.BoolOp) else [node.test]
            if any(_knows_roles(each) for each in tested if not isinstance(each, ast.Compare | ast.BoolOp)):
                yield function, "a test of roles"


def _within(node: ast.AST, function: str) -> Iterator[tuple[ast.AST, str]]:
    for child in ast.iter_child_nodes(node):
        inside = child.name if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else function
        yield child, inside
        yield from _within(child, inside)


def _compared(node: ast.Compare) -> Iterator[str]:
    sides = [node.left, *node.comparators]
    if any(_is_role(each) for side in sides for each in ast.walk(side)):
        yield "a comparison with a role"
    elif any(_knows_roles(side) for side in sides):
        yield "a comparison of roles"
    if len([side for side in sides if _name(side) in _PERSONS]) > 1:
        yield "a comparison of persons"


def _is_role(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in ROLES


def _knows_roles(node: ast.AST) -> bool:
    return any(_name(each) in {"role_names", "roles"} for each in ast.walk(node) if isinstance(each, ast.Attribute))


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def modules() -> list[Path]:
    """Return every module of the control plane but the decision point itself and the database's history."""
    found = sorted((REPOSITORY / "tre").rglob("*.py"))
    return [path for path in found if not any(part in path.as_posix() for part in _DECIDES)]


def test_every_decision_is_asked_of_the_decision_point():
    found = {
        f"{path.relative_to(REPOSITORY / 'tre').as_posix()} {function}": what
        for path in modules()
        for function, what in faults(path.read_text())
    }
    assert {place: what for place, what in found.items() if place not in KNOWN} == {}
    assert sorted(set(KNOWN) - set(found)) == [], "no longer needed: take it out"


def test_no_template_shows_anything_by_a_role():
    tag = re.compile(r"{%\s*(?:el)?if\s+(.*?)%}")
    for path in (REPOSITORY / "tre").rglob("*.html"):
        for condition in tag.findall(path.read_text()):
            assert not re.search(r"roles|is_staff|is_superuser|perms\.", condition), f"{path}: {condition}"
            assert not any(re.search(rf"""["']{role}["']""", condition) for role in ROLES), f"{path}: {condition}"


@pytest.mark.parametrize(
    "source",
    [
        "def view(request):\n    if 'operator' in request.user.role_names(): ...",
        "def view(request):\n    if request.user.is_superuser: ...",
        "from django.contrib.auth.decorators import permission_required",
        "allowed = person.roles & wanted or other",
        "if not person.roles: ...",
        "held = request.user.roles.filter(name='auditor').exists()",
        "def view(request):\n    if request.user.username != found.author: ...",
        "ok = {'auditor', 'operator'} & x == {'auditor'}",
    ],
)
def test_what_decides_by_itself_is_found(source):
    assert list(faults(source))


def test_what_does_not_decide_is_left_alone():
    source = "require(principal(request), 'read_audit', PLATFORM)\nheld = sorted(account.role_names())"
    assert list(faults(source)) == []
