"""What no phrase lists is understood by what its words mean together."""

from __future__ import annotations

import pytest

from directory.needs import Needs
from directory.search.understand import Understanding
from directory.search.wordbook import Wordbook

LANGUAGES = {"nb", "nn", "en", "da", "sv", "ru", "uk", "pl", "ar", "so"}


@pytest.fixture
def needs(words: Wordbook) -> Needs:
    return words.needs


@pytest.fixture
def understand(by_rules: Understanding) -> Understanding:
    return by_rules


def weights(understand: Understanding, text: str) -> dict[str, float]:
    return {need.slug: need.weight for need in understand(text).needs}


@pytest.mark.parametrize(
    ("text", "need"),
    [
        ("storebroren min sniffer lim", "relatives-support"),
        ("my niece is hooked, she snorts ket", "relatives-support"),
        ("племянник бухает каждый день", "relatives-support"),
        ("moja siostra wciąga, co robić", "relatives-support"),
        ("min kusine drikker hele tiden", "relatives-support"),
        ("جوزي بيضربني", "violence"),
        ("konkubent mnie popchnął", "violence"),
        ("jeg dytta samboeren", "violence-perpetrator"),
        ("jag knuffade min flickvän, jag slog min fru", "violence-perpetrator"),
        ("skrives ut fra rusakutten på fredag", "follow-up-after-discharge"),
        ("вышла из рехаба", "follow-up-after-discharge"),
        ("treåringen svelget tabletter", "overdose-acute"),
        ("stakk meg på en kanyle", "pep"),
        ("naboer spionerer, hører stemmer", "mental-health"),
        ("кинути травку", "substance-use-advice"),
        ("undervisning om overdoser for sykepleiere", "professional-support"),
        ("must get out with my children before he gets home", "shelter"),
        ("выгоняют из квартиры, нечем платить", "social-services"),
        ("jeg er 12 og pappa drikker", "children-youth"),
        ("kunden betalte ikke og truet meg", "sex-worker-support"),
        ("han fortsatte selv om jeg sa nei", "sexual-assault"),
        ("rister etter festen", "drug-information"),
        ("ręka spuchnięta po zastrzyku", "wound-care"),
        ("har tabletter, vet ikke hva det er", "drug-information"),
        ("بتعرق من وقت بطلت شرب", "detox"),
    ],
)
def test_a_few_ideas_together_tell_a_need(understand: Understanding, text: str, need: str) -> None:
    found = weights(understand, text)
    assert found.get(need, 0.0) >= 0.8, found


def test_who_hits_whom_makes_the_difference(understand: Understanding) -> None:
    he = weights(understand, "mannen min slår meg")
    me = weights(understand, "jeg slår mannen min")
    assert he["violence"] == 1.0
    assert "violence-perpetrator" not in he
    assert me["violence-perpetrator"] > me.get("violence", 0.0)


def test_ideas_that_are_far_apart_are_not_one(understand: Understanding) -> None:
    near = "mannen min drikker"
    far = "mannen min og huset vårt bilen katten sofaen lampen bordet stolen vinduet drikker"
    assert "relatives-support" in weights(understand, near)
    assert weights(understand, far).get("relatives-support", 0.0) < 1.0


def test_a_short_word_is_read_in_the_language_of_the_line(understand: Understanding) -> None:
    # "i" is the speaker in English and a preposition in Norwegian
    assert "violence-perpetrator" not in weights(understand, "noen i huset dytter samboeren")
    assert "violence-perpetrator" in weights(understand, "i hit my wife")


@pytest.mark.parametrize(
    ("text", "need"),
    [
        ("muzh menya bjet", "violence"),
        ("muzh menya byot", "violence"),
        ("syn kolet geroin i ya ne znayu chto delat", "relatives-support"),
        ("brat buhaet", "relatives-support"),
    ],
)
def test_a_russian_idea_is_found_in_latin_letters(understand: Understanding, text: str, need: str) -> None:
    assert need in {n.slug for n in understand(text, language="ru").needs}


def test_latin_letters_are_no_russian_where_nobody_writes_it(understand: Understanding) -> None:
    assert understand("i lost a bet").asker == "en"
    assert understand("min bet er god", language="nb").asker in ("nb", "da")


def test_a_word_with_a_mark_is_not_the_one_without(understand: Understanding) -> None:
    assert weights(understand, "min far røyker hasj").get("relatives-support") == 1.0
    assert "relatives-support" not in weights(understand, "røyker hasj hver dag og får ikke slutta")


def test_every_frame_names_ideas_and_needs_that_exist(needs: Needs) -> None:
    for frame in needs.frames:
        assert set(frame.ideas) <= set(needs.ideas), frame
        assert all(slug in needs for slug in (*frame.needs, *frame.instead)), frame
        assert all(0.0 < weight <= 1.0 for weight in frame.needs.values()), frame
    assert {idea for frame in needs.frames for idea in frame.ideas} == set(needs.ideas)


def test_every_idea_is_told_in_every_language_it_can_be(needs: Needs) -> None:
    told_by_the_verb = {"i", "me", "i-hit"}  # in some languages the verb itself says who
    for idea, said in needs.ideas.items():
        assert set(said) <= LANGUAGES, idea
        if idea not in told_by_the_verb:
            assert set(said) == LANGUAGES, idea
