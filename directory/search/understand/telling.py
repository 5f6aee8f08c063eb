"""Which needs a line tells: by whole phrases, by ideas together, by phrases in part, and by who is asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from directory.needs import Needs
from directory.search.analysis import Compounds
from directory.search.understand.classifier import NOTHING
from directory.search.understand.ideas import Ideas, Instead
from directory.search.understand.phrases import Match, PhraseBook, Token
from directory.spelling import fold

SURE = 0.5  # a need that counts less than this share of the best one was not meant
TOLD = 0.4  # from this weight on, the words of a need are taken as told and no more as text
FOREIGN = 0.8  # a phrase of a language that is not kin to the asker's
# Languages whose words turn up in each other's lines.
KINDRED = (frozenset({"nb", "nn", "da", "sv", "en"}), frozenset({"ru", "uk"}), frozenset({"pl", "en"}))
# What the classifier tells: from which probability on, what a rule loses that it thinks nothing of, what a need counts
# that no rule told, and what it adds to one that a rule told in part; how much of that hangs on how sure it is and on
# how near it is to the likeliest (exponents); and from which share of the best need on one is kept.
LIKELY, DOUBT, LEARNT, LIFTED, AS_SURE, AS_NEAR, KEPT = 0.2, 0.2, 0.9, 0.7, 0.5, 0.4, 0.4
# What is so much less likely than the likeliest is never kept, where no rule told it.
LEAST = KEPT ** (1 / AS_NEAR)
# Counsellors ask for clients: that somebody works with people is seldom what they need.
FOR_WORK, WORKING = "professional-support", 0.2
REPLACED = 0.4  # what a phrase counts that an idea takes the place of
QUOTED = 0.4  # what a need counts that only a quotation tells
RELATIVES, RELATIVE_WEIGHT = (
    "relatives-support",
    0.55,
)  # who asks for a relative may want help for themselves too
PROFESSIONAL = (
    "klient",
    "client",
    "pasient",
    "patient",
    "pacjent",
    "клиент",
    "пациент",
    "клієнт",
    "пацієнт",
    "bruker",
)
# Needs that say who asks, or that somebody asks; beside a need that says what for, they say less.
WHO = frozenset({"children-youth", "lgbt-community", "migrants", "drugs-group", "find-a-service"})
WHO_BESIDE_WHAT = 0.5  # and what a circumstance counts
# Needs that are met by anyone who listens: beside them, who asks says as much as ever.
LISTENING = frozenset({"crisis-line", "mental-health", "peer-support", "crisis-counselling", "sexual-health-advice",
    "find-a-service", "self-help-group", "legal-aid", "social-services"})  # fmt: skip
# Needs of somebody close that make whoever tells of them seek help too.
OF_SOMEBODY_CLOSE = frozenset({"substance-use-advice", "substance-treatment", "detox", "drug-information", "oat-lar",
    "mental-health", "suicidal-crisis", "overdose-acute", "overdose-prevention", "naloxone", "prison-release",
    "chemsex-counselling", "drugs-group", "self-help-group", "follow-up-after-discharge"})  # fmt: skip
BESIDE, NEAR = 0.6, 0.5  # how sure needs are that stand side by side, and how related two are that are one
AND = """og samt pluss både and plus also och samt plus и а также плюс та і плюс також i oraz plus też و وأيضا كمان iyo
    sidoo"""


def words_of_somebody_close(needs: Needs) -> PhraseBook:
    """How people speak of somebody close, who is no client of theirs."""
    return PhraseBook(
        (
            (RELATIVES, phrase, code)
            for code, phrases in needs.function_words.get("relative", {}).items()
            for phrase in phrases
            if not any(word in phrase for word in PROFESSIONAL)
        ),
        {},
    )


@dataclass(frozen=True, slots=True)
class NeedFound:
    slug: str
    weight: float  # 0..1
    matched: str  # the words that told it, as typed
    learnt: bool = False  # told by no rule: lines like this one ask for it

    @property
    def sure(self) -> bool:
        """Whether words of the line tell it by themselves."""
        return not self.learnt and self.weight >= SURE

    @property
    def said(self) -> bool:
        """Whether it is told to people as understood; the others only rank."""
        return not self.learnt or self.weight >= SURE


class Telling:
    """``book``: the phrases of the taxonomy; ``relatives``: how people speak of somebody close."""

    def __init__(
        self, needs: Needs, book: PhraseBook, ideas: Ideas, compounds: Compounds, relatives: PhraseBook
    ) -> None:
        self._needs, self._book, self._ideas, self.compounds = needs, book, ideas, compounds
        self._relatives = relatives
        self._and = frozenset(map(fold, AND.split()))

    def matches(self, tokens: Sequence[Token], asker: str | None) -> tuple[list[Match], Collection[str]]:
        """Everything that tells a need: whole phrases, ideas together, phrases in part, and who is asked for; and the
        ideas that are said, whether together with others or not."""
        whole = self._book.find(tokens, self.compounds)
        framed, instead, said = self._ideas.find(tokens, asker)
        matches = [
            m._replace(weight=m.weight * REPLACED) if any(m.target == other.slug for other in instead) else m
            for m in whole
        ]
        framed = [
            m._replace(weight=m.weight * REPLACED) if any(_replaced(m, other) for other in instead) else m
            for m in framed
        ]
        explained = {i for m in (*whole, *framed) for i in range(m.start, m.end)}
        matches += framed
        matches += [
            m
            for m in self._book.partly(tokens, explained)
            if not any(m.target == other.slug for other in instead)
        ]
        matches += [m._replace(weight=RELATIVE_WEIGHT) for m in self._relatives.find(tokens, self.compounds)]
        if not any(m.weight >= SURE and m.target != RELATIVES for m in matches):
            matches += self._book.hinted(tokens)
        return matches, said

    def weighed(self, matches: Iterable[Match], tokens: Sequence[Token]) -> tuple[NeedFound, ...]:
        best: dict[str, Match] = {}
        for match in matches:
            known = best.get(match.target)
            if known is None or (match.weight, match.words) > (known.weight, known.words):
                best[match.target] = match
        most = max((m.weight for m in best.values()), default=0.0)
        found = [
            NeedFound(slug, m.weight, " ".join(t.raw for t in tokens[m.start : m.end]))
            for slug, m in best.items()
            if m.weight >= SURE * most
        ]
        return tuple(sorted(found, key=lambda n: (-n.weight, n.slug)))

    def beside(
        self, tokens: Sequence[Token], matches: Iterable[Match], found: Iterable[NeedFound]
    ) -> tuple[tuple[str, ...], ...]:
        """Needs whose words are joined by an "and", and that aren't near each other anyway."""
        if not any(t.word in self._and for t in tokens):
            return ()
        sure = {n.slug for n in found if n.weight >= BESIDE}
        told = [m for m in matches if m.whole and m.target in sure]
        for one in told:
            for other in told:
                between = tokens[one.end : other.start]
                if one.end >= other.start or not any(t.word in self._and for t in between):
                    continue
                if not all(t.function_word or t.word in self._and for t in between):
                    continue
                groups = [
                    tuple(dict.fromkeys(m.target for m in told if m.start < at.end and at.start < m.end))
                    for at in (one, other)
                ]
                if not any(self._near(a, b) for a in groups[0] for b in groups[1]):
                    return tuple(groups)
        return ()

    def _near(self, one: str, other: str) -> bool:
        related = self._needs[one].related.get(other, 0.0), self._needs[other].related.get(one, 0.0)
        return one == other or max(related) >= NEAR


def beside_quotations(matches: list[Match], quotations: Sequence[range]) -> list[Match]:
    """What somebody is quoted as saying tells less than what is told of it, where anything is."""
    inside = [any(m.start in q and m.end - 1 in q for q in quotations) for m in matches]
    if not any(inside) or all(inside):
        return matches
    return [m._replace(weight=m.weight * QUOTED) if q else m for m, q in zip(matches, inside, strict=True)]


def beside_the_likely(
    found: Sequence[NeedFound], likely: Mapping[str, float], line: str
) -> tuple[NeedFound, ...]:
    """Needs that rules found, with their weights, and those that lines like this one ask for.

    ``likely``: each class and its probability; ``line``: the words from which that was told, as typed.
    """
    needs = dict(likely)
    nothing, working = needs.pop(NOTHING, 0.0), needs.get(FOR_WORK, 0.0)
    needs[FOR_WORK] = working * WORKING
    whole = 1.0 - working + needs[FOR_WORK]
    most = max(needs.values())
    if most < nothing:
        return tuple(n for n in found if n.weight >= SURE)
    if most < LIKELY * whole:
        return tuple(found)
    sure = (most / whole) ** AS_SURE
    told = {n.slug: n for n in found}
    weighed = []
    for slug in {**told, **{slug: p for slug, p in needs.items() if p >= most * LEAST}}:
        share = (needs[slug] / most) ** AS_NEAR if slug in needs else 1.0
        rule = told.get(slug) or NeedFound(slug, 0.0, line, learnt=True)
        more = (LEARNT if rule.learnt else LIFTED) * sure * share
        weight = rule.weight * (1 - DOUBT * (1 - share)) + (1 - rule.weight) * more
        weighed.append(replace(rule, weight=weight))
    best = max(n.weight for n in weighed)
    return tuple(sorted((n for n in weighed if n.weight >= KEPT * best), key=lambda n: (-n.weight, n.slug)))


def foreign(language: str, asker: str | None) -> float:
    """What a phrase counts in a line of the asker's language: words of kin are borrowed, others rarely."""
    group = next((group for group in KINDRED if asker in group), None)
    return 1.0 if group is None or language in group or language == "en" else FOREIGN


def as_told(matches: Sequence[Match], tokens: Sequence[Token], circumstances: frozenset[str]) -> list[Match]:
    """Who asks, beside what for; that it is for somebody close, beside what that person needs; and circumstances.

    ``circumstances``: forms of words that tell a need ("a coat") where nothing else does.
    """
    beside = [
        m.words == 1 and not any(circumstances.isdisjoint(t.forms) for t in tokens[m.start : m.end])
        for m in matches
    ]
    sure = {m.target for m in matches if m.weight >= SURE}
    plain = {m.target for m, aside in zip(matches, beside, strict=True) if m.weight >= SURE and not aside}
    what = sure - WHO - LISTENING - {RELATIVES}
    told = []
    for match, aside in zip(matches, beside, strict=True):
        if (match.target in WHO and what) or (aside and plain - WHO - {RELATIVES, match.target}):
            match = match._replace(weight=match.weight * WHO_BESIDE_WHAT)
        if (
            match.target == RELATIVES
            and match.weight == RELATIVE_WEIGHT
            and what
            and not sure & OF_SOMEBODY_CLOSE
        ):
            continue
        told.append(match)
    return told


def _replaced(match: Match, other: Instead) -> bool:
    """What ideas tell, a frame that says more of the same words may know better."""
    return (
        match.target == other.slug
        and match.words <= other.ideas
        and (match.start, match.end) != (other.start, other.end)
        and match.start < other.end
        and other.start < match.end
    )
