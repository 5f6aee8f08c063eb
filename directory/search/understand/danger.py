"""Whether a line tells of acute danger: of now, of somebody, and not of being prepared for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from directory.needs import EmergencySign, Needs
from directory.search.analysis import Compounds
from directory.search.understand.negating import WANTING, negated
from directory.search.understand.phrases import EXACT, Match, PhraseBook, Token
from directory.spelling import fold

# Needs that are an emergency when named as such, unless the line is about preparing for one.
ACUTE = {"overdose-acute", "ghb-overdose", "emergency", "suicidal-crisis"}
PREPARING = {"naloxone", "overdose-prevention", "drug-information", "professional-support"}
EMERGENCY, BESIDE_IT = (
    "emergency",
    0.6,
)  # emergency care, and what it counts beside the need that a sign stands for
SURE = 0.5  # from this weight on, a need is told
REPLACED = 0.4  # a need that counts no more has been replaced by what ideas tell
# The sign that somebody's body fails now; what is long past is none.
BODY = "not-breathing-or-unconscious"
PAST = """uke uka vecka veckan week month months year years måneder måned månad månader år siden sidan sedan ago
    uger uge
    неделе неделю месяц месяца месяцев год года лет прошлой прошлом назад тижні місяць роки років минулого тому
    tydzień tygodniu miesiąc miesiące rok lata temu zeszłym الماضي الماضية سنة سنوات أسبوع شهر قبل toddobaad
    bil sano hore"""
JUST_NOW = """time timer timme timmar hour hours minute minutes minutt minutter minuter nå no nu now just nettopp
    tonight     час часа минут сейчас только godzinę godziny minut teraz الآن ساعة دقائق hadda saac daqiiqo"""


class Danger:
    """``in`` tells whether a folded word stands in a phrase of danger."""

    def __init__(
        self,
        needs: Needs,
        stopwords: Mapping[str, frozenset[str]],
        negations: frozenset[str],
        compounds: Compounds,
        lookalikes: frozenset[str] = frozenset(),
    ) -> None:
        self._signs = {sign.reason: sign for sign in needs.emergencies}
        self._negations, self._compounds = negations, compounds
        self._past = frozenset(map(fold, PAST.split()))
        self._just_now = frozenset(map(fold, JUST_NOW.split()))
        self._danger = PhraseBook(
            ((s.reason, w.text, w.language) for s in needs.emergencies for w in s.wordings),
            dict(stopwords),
            negations,
            WANTING,
            lookalikes,
        )

    def __contains__(self, word: str) -> bool:
        return word in self._danger

    @staticmethod
    def told(sign: EmergencySign, tokens: Sequence[Token], matches: Iterable[Match]) -> list[Match]:
        """The first need that a sign stands for, and emergency care, where nothing else tells one of its needs."""
        if any(m.target in sign.slugs and m.weight >= SURE for m in matches):
            return []
        weights = {EMERGENCY: BESIDE_IT, sign.slugs[0]: 1.0}
        return [Match(0, len(tokens), slug, weight, "", 1) for slug, weight in weights.items()]

    def find(
        self, tokens: Sequence[Token], matches: Iterable[Match], asker: str | None
    ) -> EmergencySign | None:
        signs = self._danger.find(tokens, self._compounds)
        refused = negated(tokens, signs, self._negations, asker)
        signs = [m for n, m in enumerate(signs) if n not in refused]
        matches = list(matches)
        signs = [m for m in signs if not _is_prepared_for(m, matches)]
        past = any(t.word in self._past for t in tokens) and not any(t.word in self._just_now for t in tokens)
        signs = [m for m in signs if not past or m.target != BODY]
        if signs:
            return self._signs[max(signs, key=lambda m: (m.words, m.weight)).target]
        if past or any(m.target in PREPARING and m.weight >= SURE for m in matches):
            return None
        acute = {
            m.target
            for m in matches
            if m.target in ACUTE
            and m.whole
            and m.weight > REPLACED
            and (m.words > 1 or m.target != "ghb-overdose")
        }
        return next((s for s in self._signs.values() if acute & set(s.slugs)), None) if acute else None


def _is_prepared_for(sign: Match, matches: Iterable[Match]) -> bool:
    """Whether a word that is only like one of danger stands within what is said of preparing for it."""
    return (
        sign.words == 1
        and sign.weight < EXACT
        and any(
            m.target in PREPARING and m.words > 1 and m.start <= sign.start and sign.end <= m.end
            for m in matches
        )
    )
