"""YAML 1.1: its text, and what its sequences of mappings hold as rows. Nothing is constructed but plain strings."""

from __future__ import annotations

import re
from typing import Any

import yaml

from tre.disclosure.contents import Contents, Unreadable
from tre.disclosure.policy import Policy
from tre.disclosure.readers.web import strings_in, text_of, walk

_KEYED = re.compile(r"""(?:- )*(?:[\w.$/-]+(?: [\w.$/-]+){0,5}|"[^"\n]*"|'[^'\n]*'):(?:[ \t]|$)""", re.MULTILINE)
_STARTS = re.compile(r"(?:---|%YAML|- )")
_SNIFFED = 65536  # characters that are looked at to tell the kind


def is_yaml(text: str) -> bool:
    """Tell whether a text reads as YAML that holds more than words: mappings within mappings or sequences."""
    head = text[:_SNIFFED]
    first = next((line for line in head.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    if not (_KEYED.match(first) or _STARTS.match(first)) or not _KEYED.search(head):
        return False
    if len(text) > _SNIFFED:
        head = head[: head.rfind("\n", 0, _SNIFFED) + 1]
    try:
        root = yaml.compose(head, Loader=yaml.CBaseLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return False
    return isinstance(root, yaml.MappingNode | yaml.SequenceNode) and any(
        isinstance(each, yaml.MappingNode | yaml.SequenceNode) for each in _children(root)
    )


def read_yaml(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read the documents: the text as written, comments included, and the values as JSON's are read.

    Raises
    ------
    Unreadable
        It is no YAML after all, refers to itself, or its aliases unfold to more than the policy's ``nodes``.
    """
    text = text_of(data)
    contents.add_text(where, text)
    try:
        documents = list(yaml.compose_all(text, Loader=yaml.CBaseLoader))
        for root in documents:
            if root is not None:
                _weigh(root, policy.limits["nodes"], {})
                plain = _plain(root)
                if "\\" in text or "\n " in text:  # a string may be escaped, or go over lines
                    contents.texts.append((where, "\n".join(strings_in(plain))))
                walk(plain, where, contents, in_figure=False)
    except yaml.YAMLError as error:
        raise Unreadable("the YAML is damaged") from error


def _children(node: Any) -> list[Any]:
    if isinstance(node, yaml.MappingNode):
        return [each for pair in node.value for each in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _weigh(node: Any, most: int, known: dict[int, int]) -> int:
    """Return how many nodes there are once aliases are unfolded (a "billion laughs", CWE-776)."""
    if id(node) in known:
        if known[id(node)] < 0:
            raise Unreadable("a value contains itself")
        return known[id(node)]
    known[id(node)] = -1
    weight = 1 + sum(_weigh(each, most, known) for each in _children(node))
    if weight > most:
        raise Unreadable("it unfolds to more than inspection reads", rule="too-big")
    known[id(node)] = weight
    return weight


def _plain(node: Any) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {_key(key): _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(each) for each in node.value]
    return node.value


def _key(node: Any) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else "key"
