"""The need taxonomy: what people seek, as a tree, with labels, synonyms and street names in many languages.

Pure. Read from ``seed/needs.json`` (the taxonomy), ``seed/needs_words.json`` (words written for Veiviser: more of
what people say, related needs, signs of an emergency, function words) and ``seed/needs_ideas.json`` (what is said in
many ways, and what a few of it together ask for). Sources stand in ``seed/SOURCES.md``.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from rapidfuzz import fuzz, process

from directory.languages import fallback
from directory.spelling import fold

FILES = ("needs.json", "needs_words.json", "needs_ideas.json")
# Words that are no wordings of a need: what they are good for stands in ``docs/decisions/ideas-and-frames.md``.
KINDS = ("stopwords", "relative", "negation", "place_prepositions", "beside", "lookalikes")
WITHIN = 6  # words of content in which the ideas of a frame are said, where it doesn't tell


class Wording(NamedTuple):
    """One way to say a need: a word or phrase as written, and its language (BCP 47)."""

    text: str
    language: str
    label: bool = False  # the taxonomy's own label, not a synonym


@dataclass(frozen=True, slots=True)
class Need:
    slug: str
    parent: str | None
    labels: Mapping[str, str]
    wordings: tuple[Wording, ...]
    afar: float  # 0..1: how well it is met by phone, on a page, or anywhere in the country
    related: Mapping[str, float]  # slug -> 0..1: how far a service for that need also answers this one


@dataclass(frozen=True, slots=True)
class EmergencySign:
    """Acute danger: phrases that tell of it, and the services (slugs) to put first."""

    reason: str
    slugs: tuple[str, ...]
    wordings: tuple[Wording, ...]
    contacts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """Ideas that together ask for needs (slug -> weight 0..1), said within so many words of content."""

    ideas: tuple[str, ...]
    needs: Mapping[str, float]
    instead: tuple[str, ...]  # needs that its words alone would tell, and which it takes the place of
    ordered: bool
    within: int


@dataclass(frozen=True)
class Needs:
    """All needs. Iterates in the taxonomy's order; ``in`` takes a slug."""

    terms: Mapping[str, Need]
    emergencies: tuple[EmergencySign, ...] = ()
    # kind (of KINDS) -> language -> folded words, phrases
    function_words: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    ideas: Mapping[str, Mapping[str, tuple[str, ...]]] = field(
        default_factory=dict
    )  # idea -> language -> words
    frames: tuple[Frame, ...] = ()
    ordinary_words: frozenset[str] = (
        frozenset()
    )  # folded; words that need no correction, in most of the languages
    digest: str = ""  # of the files: what is derived from the taxonomy is stale when it changes

    @classmethod
    def load(cls, seed_dir: Path) -> Needs:
        """Read the taxonomy under ``seed_dir``. Raises OSError or ValueError when a file is missing or is not JSON."""
        files = [(seed_dir / name).read_bytes() for name in FILES]
        taxonomy, words, ideas = map(json.loads, files)
        more = {row["slug"]: row for row in words["terms"]}
        return cls(
            {row["slug"]: _need(row, more.get(row["slug"], {})) for row in taxonomy["terms"]},
            tuple(_emergency(row) for row in words["emergency"]["reasons"]),
            {
                kind: {code: frozenset(map(fold, texts)) for code, texts in words[kind].items()}
                for kind in KINDS
            },
            {
                idea: {code: tuple(texts) for code, texts in said.items()}
                for idea, said in ideas["ideas"].items()
            },
            tuple(map(_frame, ideas["frames"])),
            frozenset(
                gzip.decompress((seed_dir / "ordinary_words.txt.gz").read_bytes()).decode().split("\n")
            ),
            hashlib.blake2b(b"".join(files), digest_size=8).hexdigest(),
        )

    def __contains__(self, slug: object) -> bool:
        return slug in self.terms

    def __iter__(self) -> Iterator[Need]:
        return iter(self.terms.values())

    def __len__(self) -> int:
        return len(self.terms)

    def __getitem__(self, slug: str) -> Need:
        return self.terms[slug]

    def ancestors(self, slug: str) -> tuple[str, ...]:
        """The needs above this one, nearest first, without itself."""
        found = []
        parent = self.terms[slug].parent
        while parent is not None:
            found.append(parent)
            parent = self.terms[parent].parent
        return tuple(found)

    def descendants(self, slug: str) -> tuple[str, ...]:
        """The needs below this one, in the taxonomy's order, without itself."""
        return tuple(s for s in self.terms if slug in self.ancestors(s))

    def label(self, slug: str, language: str) -> str:
        """The need's label in the language, else by the stated order of fallback, else the slug."""
        labels = self.terms[slug].labels
        if (label := labels.get(language)) is not None:  # which is where each order begins
            return label
        return next((labels[code] for code in fallback(language) if code in labels), slug)

    def nearest(self, text: str, limit: int = 3) -> list[str]:
        """The slugs most like a text that is none, for an error message: by slug and by label."""
        choices = {s: s for s in self.terms}
        choices |= {fold(label): n.slug for n in self for label in n.labels.values()}
        found = process.extract(fold(text), list(choices), scorer=fuzz.WRatio, limit=limit * 4)
        return list(dict.fromkeys(choices[name] for name, _, _ in found))[:limit]


def _need(row: Mapping[str, Any], more: Mapping[str, Any]) -> Need:
    wordings = [Wording(text, language, True) for language, text in row["labels"].items()]
    wordings += [Wording(s["term"], s["lang"]) for s in row["synonyms"]]
    wordings += [
        Wording(text, language) for language, texts in more.get("words", {}).items() for text in texts
    ]
    return Need(
        row["slug"],
        row["parent"],
        row["labels"],
        tuple(dict.fromkeys(wordings)),
        more.get("afar", 0.0),
        more.get("related", {}),
    )


def _frame(row: Mapping[str, Any]) -> Frame:
    return Frame(
        tuple(row["ideas"]),
        row["needs"],
        tuple(row.get("instead", ())),
        row.get("ordered", False),
        row.get("within", WITHIN),
    )


def _emergency(row: Mapping[str, Any]) -> EmergencySign:
    return EmergencySign(
        row["reason"],
        tuple(row["slugs"]),
        tuple(Wording(text, language) for language, texts in row["words"].items() for text in texts),
        tuple(row["contacts"]),
    )
