"""A crate as its reader sees it: entities by identifier, and what they refer to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tre.airlock.crate.names import ROOT, SHP

Entity = Mapping[str, Any]


class Graph:
    """A crate's entities.

    Parameters
    ----------
    crate : mapping
        The content of a metadata file; it may be anybody's.
    """

    def __init__(self, crate: Mapping[str, Any]) -> None:
        told = crate.get("@context")
        self.contexts: list[Any] = told if isinstance(told, list) else [told]
        graph = crate.get("@graph")
        listed = graph if isinstance(graph, list) else []
        self.entities: list[Entity] = [each for each in listed if isinstance(each, dict)]
        self.by_id: dict[str, Entity] = {str(each.get("@id", "")): each for each in self.entities}
        self.root: Entity = self.by_id.get(ROOT, {})

    def of_type(self, *types: str) -> list[Entity]:
        """Return the entities that are of one of these types."""
        return [each for each in self.entities if kinds(each) & set(types)]

    def follow(self, entity: Entity, name: str) -> list[Entity]:
        """Return what a property refers to; what is not described is an empty entity."""
        return [self.by_id.get(identity, {}) for identity in references(entity, name)]

    def phase(self, term: str) -> list[Entity]:
        """Return the actions of one phase, by its term in the Safe Haven Provenance ontology."""
        return [each for each in self.entities if SHP + term in references(each, "additionalType")]


def kinds(entity: Entity) -> set[str]:
    """Return the types of an entity."""
    told = entity.get("@type", ())
    return {told} if isinstance(told, str) else {each for each in told if isinstance(each, str)}


def references(entity: Entity, name: str) -> list[str]:
    """Return the identifiers that a property refers to."""
    told = entity.get(name, [])
    several = told if isinstance(told, list) else [told]
    return [str(each["@id"]) for each in several if isinstance(each, dict) and "@id" in each]


def identity(entity: Entity) -> str:
    """Return an entity's identifier, or an empty text."""
    return str(entity.get("@id", ""))
