"""The words people use for each need, as shipped: seed/needs_words.json against seed/needs.json."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from directory.needs import Needs
from directory.search.analysis import Compounds, stems
from directory.search.understand.phrases import PhraseBook, Token
from directory.spelling import words

SEED = Path(__file__).resolve().parents[2] / "seed"
LANGUAGES = ("nb", "nn", "en", "da", "sv", "ru", "uk", "pl", "ar", "so")
LISTS = ("stopwords", "relative", "negation", "place_prepositions")
ALL_LISTS = (*LISTS, "beside")
REASONS = {"not-breathing-or-unconscious", "suicide-danger-now", "violence-now", "rape-just-now"}
# Words that stand in the queries for any need, so that alone they say nothing of which one.
BARE = """
hjelp hjelpe hjelpen lege legen snakke prate chat test teste sex gratis anonym anonymt telefon tilbud senter
klinikk time sted åpent behandling støtte samtale problem problemer noen nå akutt vondt stoff leve
help doctor talk chat testing free anonymous phone service services centre center clinic treatment support
counselling advice problem problems now place someone die aid
hjælp læge tale gratis behandling støtte hjälp läkare prata stöd behandling mottagning läkaren
помощь врач врача поговорить тест анализ бесплатно анонимно центр клиника лечение поддержка служба проблема
допомога лікар лікаря поговорити тест безкоштовно анонімно центр клініка лікування підтримка служба проблема
pomoc lekarz lekarza porozmawiać test darmowy bezpłatnie anonimowo centrum klinika leczenie wsparcie problem
مساعدة طبيب فحص مجانا مجاني مركز عيادة علاج دعم مشكلة تحدث
caawimaad caawin gargaar dhakhtar baaritaan bilaash xarun daaweyn taageero dhibaato
"""


def load(name: str) -> Any:
    return json.loads((SEED / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def vocabulary() -> dict[str, Any]:
    return load("needs_words.json")


@pytest.fixture(scope="module")
def slugs() -> list[str]:
    return [term["slug"] for term in load("needs.json")["terms"]]


@pytest.fixture(scope="module")
def groups() -> set[str]:
    return {term["slug"] for term in load("needs.json")["terms"] if term["parent"] is None}


@pytest.fixture(scope="module")
def dangers(vocabulary) -> Callable[[str], set[str]]:
    """Text to the reasons of danger that the search finds in it, with the stems of every language."""
    needs = Needs.load(SEED)
    skipped = {
        language: needs.function_words["stopwords"][language]
        | needs.function_words["place_prepositions"][language]
        for language in LANGUAGES
    }
    negations = frozenset().union(*needs.function_words["negation"].values())
    book = PhraseBook(
        ((sign.reason, w.text, w.language) for sign in needs.emergencies for w in sign.wordings),
        skipped,
        negations,
    )
    function_words = frozenset().union(*skipped.values()) - negations
    compounds = Compounds(needs)

    def found(text: str) -> set[str]:
        tokens = [Token(w, w, frozenset({w} | stems(w)), w in function_words) for w in words(text)]
        return {match.target for match in book.find(tokens, compounds)}

    return found


def vocabularies(document: dict[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    """(where, language, words) of every list of words in the file."""
    for term in document["terms"]:
        for language, listed in term["words"].items():
            yield term["slug"], language, listed
    for reason in document["emergency"]["reasons"]:
        for language, listed in reason["words"].items():
            yield reason["reason"], language, listed
    for name in ALL_LISTS:
        for language, listed in document[name].items():
            yield name, language, listed


@cache
def key(word: str) -> tuple[str, ...]:
    return tuple(words(word))


def test_every_need_has_its_words_once_and_in_the_order_of_the_taxonomy(vocabulary, slugs):
    assert [term["slug"] for term in vocabulary["terms"]] == slugs


def test_only_the_ten_languages_are_used(vocabulary):
    assert {language for _, language, _ in vocabularies(vocabulary)} == set(LANGUAGES)


def test_each_need_below_a_group_has_words_in_every_language(vocabulary, groups):
    missing = [
        (term["slug"], language)
        for term in vocabulary["terms"]
        if term["slug"] not in groups
        for language in LANGUAGES
        if not term["words"].get(language)
    ]
    assert missing == []


def test_no_word_stands_twice_in_one_list_however_it_is_spelled(vocabulary):
    twice = [
        (where, language, word)
        for where, language, listed in vocabularies(vocabulary)
        for word, times in Counter(map(key, listed)).items()
        if times > 1
    ]
    assert twice == []


def test_what_is_said_beside_a_need_is_a_word_of_some_need(vocabulary):
    needs = Needs.load(SEED)
    for language, listed in vocabulary["beside"].items():
        phrases = [key(w.text) for need in needs for w in need.wordings if w.language == language]
        forms = {
            f for phrase in phrases if len(phrase) == 1 for f in {phrase[0]} | stems(phrase[0], language)
        }
        unknown = [w for w in listed if not ({key(w)[0]} | stems(key(w)[0], language)) & forms]
        assert unknown == [], language


def test_words_are_trimmed_and_have_something_to_match(vocabulary):
    bad = [
        (where, language, word)
        for where, language, listed in vocabularies(vocabulary)
        for word in listed
        if not key(word) or word != " ".join(word.split()) or len(key(word)) > 8
    ]
    assert bad == []


def test_words_are_in_lower_case(vocabulary):
    bad = [
        (w, language, x) for w, language, listed in vocabularies(vocabulary) for x in listed if x != x.lower()
    ]
    assert bad == []


@pytest.fixture(scope="module")
def negations(vocabulary) -> set[str]:
    return {w for listed in vocabulary["negation"].values() for word in listed for w in key(word)}


@pytest.fixture(scope="module")
def content(vocabulary, negations) -> Callable[[str, str], list[str]]:
    """What is left of a phrase when its language's function words are skipped, as the search skips them."""
    skipped = {
        language: {
            key(word)[0]
            for name in ("stopwords", "place_prepositions")
            for word in vocabulary[name][language]
            if len(key(word)) == 1
        }
        - negations
        for language in LANGUAGES
    }
    return lambda phrase, language: [w for w in key(phrase) if w not in skipped[language]]


def test_no_need_and_no_danger_is_caught_by_a_word_of_any_query(vocabulary, groups, content):
    common = {
        w
        for name in LISTS
        for listed in vocabulary[name].values()
        for x in listed
        if len(key(x)) == 1
        for w in key(x)
    }
    common |= {w for word in BARE.split() for w in words(word)}
    bad = []
    for where, language, listed in vocabularies(vocabulary):
        for word in [] if where in groups or where in ALL_LISTS else listed:
            left = content(word, language)
            if len(left) == 1 and common & ({left[0]} | stems(left[0], language)):
                bad.append((where, language, word, left))
    assert bad == []


def test_no_phrase_is_all_function_words_and_negations(vocabulary, content, negations):
    bad = [
        (where, language, word)
        for where, language, listed in vocabularies(vocabulary)
        if where not in ALL_LISTS
        for word in listed
        if set(content(word, language)) <= negations
    ]
    assert bad == []


def test_related_needs_exist_and_weigh_less_than_the_need_itself(vocabulary, slugs):
    bad = [
        (term["slug"], other, weight)
        for term in vocabulary["terms"]
        for other, weight in term["related"].items()
        if other not in slugs or other == term["slug"] or not 0.1 <= weight <= 0.8
    ]
    assert bad == []


def test_each_need_below_a_group_names_related_ones(vocabulary, groups):
    assert [t["slug"] for t in vocabulary["terms"] if not t["related"] and t["slug"] not in groups] == []


def test_the_reasons_of_danger_cover_breath_suicide_violence_and_rape(vocabulary):
    names = [reason["reason"] for reason in vocabulary["emergency"]["reasons"]]
    assert set(names) >= REASONS
    assert len(names) == len(set(names))


def test_each_danger_stands_for_needs_that_exist_and_is_worded_in_every_language(vocabulary, slugs):
    for reason in vocabulary["emergency"]["reasons"]:
        assert reason["slugs"] and set(reason["slugs"]) <= set(slugs), reason["reason"]
        assert set(reason["words"]) == set(LANGUAGES), reason["reason"]


def test_each_danger_shows_contacts_that_the_seed_holds_a_number_for(vocabulary):
    seed = SEED / "services.json"
    known = {service["slug"] for service in load("services.json")} if seed.exists() else None
    for reason in vocabulary["emergency"]["reasons"]:
        contacts = reason["contacts"]
        assert len(contacts) >= 2 and len(contacts) == len(set(contacts)), reason["reason"]
        assert known is None or set(contacts) <= known, reason["reason"]


@pytest.mark.parametrize(
    "information",
    [
        "hvordan forebygge overdose",
        "hvor får jeg nalokson mot overdose",
        "fakta om ghb",
        "kurs i førstehjelp ved overdose",
        "forebygging av selvmord",
        "krisesenter for kvinner utsatt for vold",
        "overgrepsmottak i tromsø",
        "selvhjelpsgruppe etter voldtekt",
        "naloxone against overdose",
        "how to prevent an overdose",
        "ghb facts and dosing",
        "suicide prevention course",
        "counselling after rape",
        "drugs and alcohol information",
        "drug addiction treatment",
        "my son died of an overdose, grief support",
        "i drink too much",
        "housing and my rights",
        "stopp overdoser kampanje",
        "hjelp til å slutte å slå kjæresten min",
        "blå kors kompasset",
        "barn og unge",
        "får ikke sove",
        "hvem kan hjelpe meg med gjeld",
        "hvor finner jeg legevakta",
        "jeg drikker for mye",
        "support for victims of domestic violence",
        "как предотвратить передозировку",
        "налоксон от передоза",
        "психолог после изнасилования",
        "помощь при домашнем насилии",
        "jak zapobiegać przedawkowaniu",
        "nalokson na przedawkowanie",
        "терапія після зґвалтування",
        "налоксон від передозування",
        "förebygga överdos",
        "forebygge overdosis",
        "الوقاية من الجرعة الزائدة",
        "ka hortagga xad dhaafka daroogada",
    ],
)
def test_asking_for_information_is_no_danger(dangers, information):
    assert dangers(information) == set()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("vennen min puster ikke", "not-breathing-or-unconscious"),
        ("my boyfriend took G and won't wake up", "not-breathing-or-unconscious"),
        ("друг не дышит", "not-breathing-or-unconscious"),
        ("kolega nie oddycha", "not-breathing-or-unconscious"),
        ("صديقي لا يتنفس", "not-breathing-or-unconscious"),
        ("han vaknar inte", "not-breathing-or-unconscious"),
        ("han trækker ikke vejret", "not-breathing-or-unconscious"),
        ("він не дихає", "not-breathing-or-unconscious"),
        ("saaxiibkay ma neefsanayo", "not-breathing-or-unconscious"),
        ("han pustar ikkje", "not-breathing-or-unconscious"),
        ("jeg skal ta livet mitt i kveld", "suicide-danger-now"),
        ("i am going to kill myself", "suicide-danger-now"),
        ("хочу покончить с собой", "suicide-danger-now"),
        ("chcę się zabić", "suicide-danger-now"),
        ("han har en kniv", "violence-now"),
        ("he is going to kill me", "violence-now"),
        ("jeg ble nettopp voldtatt", "rape-just-now"),
        ("меня только что изнасиловали", "rape-just-now"),
    ],
)
def test_danger_is_recognised_in_plain_words(dangers, said, reason):
    assert reason in dangers(said)
