"""A misspelt word is taken for the word that was meant; one that is right, however rare, is never put right."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import orjson
import pytest

from directory.config import SEED_DIR
from directory.search.finding import Finder
from directory.spelling import split

# What names in the directory, and texts of this field, are made of.
RARE = {
    "nb": "fimose sklie kolposkopi syfilidolog koagulasjon buprenorfin hjemsøke skrivekløe ettervern sonderer",
    "en": "urethritis proctitis seroconversion fentanyl buprenorphine halfway parolee cervix colposcopy glimmering",
    "ru": "уретрит проктит сероконверсия бупренорфин диспансеризация шепотом зарница кольпоскопия опекун половник",
    "uk": "уретрит проктит бупренорфін диспансеризація опікун кольпоскопія блискавиця шепотіти ополоник черевики",
    "pl": "zapalenie cewka buprenorfina kolposkopia kurator dozorca łyżwiarz szeptać kopytko świetlica",
    "so": "baxaya cararaa joojiyey dhakhtarad geeyay maalinlaha qoraalka barwaaqo hiddaha xanuunsan",
    "ar": "مستشفيات أساعده التهاب الإحليل محطة السكة وصاية همسات ملعقة مدفأة",
    "sv": "uretrit avtändning frivård övervakare sköterska blixtlås viska skridsko glimma kåseri",
    "da": "urethritis forsorg tilsynsførende plejehjem hviske lynlås skøjte stikirenddreng ildsjæl",
}

# Right, and less often written than what vocabularies are made of: of medicine, law, home and nature.
RIGHT = {
    "nb": """
        urolog nevrolog kardiolog hudlege gynekolog jordmor bekkenbunn prostata eggstokk livmor
        testikkel urinrør endetarm hemoroider fissur fistel balanitt forhud eikel klitoris skjedekatarr
        candida streptokokker impetigo ringorm psoriasis eksem melanom kreft cellegift stråling biopsi
        stomi kateter dialyse diabetes insulin hjertesvikt blodtrykk slag lammelse epilepsi migrene
        svimmel tinnitus glaukom netthinne brilletest høreapparat tannlege tannverk rotfylling kjeve
        logoped ergoterapi fysioterapi kiropraktor akupunktur massasje sykemelding frikort egenandel
        pasientreise hjemmesykepleie sykehjem omsorgsbolig trygghetsalarm støttekontakt avlastning verge
        fremtidsfullmakt samtykke taushetsplikt journal innsyn henvisning fastlege fritt behandlingsvalg
        ventetid klagefrist arv testament skifte barnebidrag samvær fosterhjem adopsjon surrogati
        farskap separasjon mekling forliksråd tingrett lagmannsrett voldgift sivilt straffesak siktelse
        tiltale dom anke benådning glimte blinke skimte vandre stige klatre hyle krype snuble grave
        flette hekle strikke snekre mure male tapet gardin lampe sofa hylle spade rive bøtte kost brette
        ost brød smør saft syltetøy torsk sei hyse reke krabbe blåskjell elg rein rype hare rev grevling""",
    "nn": """
        urolog nevrolog hudlege gynekolog jordmor underliv eggstokk livmor endetarm eksem kreft
        cellegift stråling epilepsi migrene svimmel tannlege tannverk kjeve fysioterapi kiropraktor
        sjukmelding eigendel pasientreise heimesjukepleie sjukeheim omsorgsbustad avlasting verje
        samtykke teieplikt innsyn tilvising fastlege ventetid klagefrist arv testament fosterheim
        adopsjon farskap mekling tingrett lagmannsrett dom anke glimte blinke skimte vandre stige klatre
        kveine krype snuble flette hekle strikke snikre male tapet gardin lampe hylle spade rive bøtte
        ost brød smør saft torsk reke krabbe elg rein rype hare rev mjølk kjole skjorte bukse hanskar
        lue skjerf fjell foss elv bekk myr skog eng åker hage gjerde grind låve fjøs naust båt årer garn
        fiske snø regn haust vinter sumar""",
    "da": """
        urolog neurolog kardiolog hudlæge gynækolog jordemoder bækkenbund prostata æggestok livmoder
        testikel urinrør endetarm hæmorider fistel forhud klitoris svamp impetigo ringorm eksem kræft
        kemoterapi stråling biopsi stomi kateter dialyse sukkersyge insulin blodtryk lammelse epilepsi
        migræne svimmel tinnitus nethinde høreapparat tandlæge tandpine rodbehandling kæbe ergoterapi
        fysioterapi kiropraktor akupunktur massage sygemelding egenbetaling hjemmepleje plejebolig
        nødkald aflastning værge samtykke tavshedspligt journal aktindsigt henvisning ventetid
        klagefrist arv testamente skifte børnebidrag samvær plejefamilie adoption faderskab separation
        mægling byret landsret tiltale dom anke benådning glimte blinke skimte vandre stige
        klatre hyle kravle snuble grave flette hækle strikke mure male tapet gardin lampe sofa hylde
        spade rive spand kost folde ost brød smør saft syltetøj torsk sej kuller reje krabbe musling elg
        rådyr hare ræv grævling""",
    "sv": """
        urolog neurolog kardiolog hudläkare gynekolog barnmorska bäckenbotten prostata äggstock livmoder
        testikel urinrör ändtarm hemorrojder fistel förhud klitoris svamp impetigo ringorm psoriasis
        eksem cancer cellgift strålning biopsi stomi kateter dialys diabetes insulin blodtryck
        förlamning epilepsi migrän yrsel tinnitus näthinna hörapparat tandläkare tandvärk rotfyllning
        käke logoped arbetsterapi sjukgymnast kiropraktor akupunktur massage sjukskrivning
        högkostnadsskydd hemsjukvård äldreboende trygghetslarm avlösning förmyndare samtycke
        tystnadsplikt journal insyn remiss husläkare väntetid arv testamente bouppteckning underhåll
        umgänge fosterhem adoption faderskap separation tingsrätt hovrätt brottmål åtal dom överklagan
        benådning glimta blinka skymta vandra stiga klättra yla krypa snubbla gräva fläta virka sticka
        snickra mura måla tapet gardin lampa soffa hylla spade kratta hink kvast vika ost bröd smör saft
        sylt torsk sej räka krabba mussla älg ren ripa hare räv grävling""",
    "pl": """
        urolog neurolog kardiolog dermatolog ginekolog położna prostata jajnik macica jądro cewka
        odbytnica hemoroidy szczelina przetoka napletek żołądź łechtaczka grzybica paciorkowiec liszajec
        łuszczyca egzema rak chemioterapia naświetlanie biopsja stomia cewnik dializa cukrzyca insulina
        ciśnienie udar porażenie padaczka migrena zawroty szumy jaskra siatkówka aparat dentysta szczęka
        logopeda fizjoterapia kręgarz akupunktura masaż zwolnienie opłata pielęgniarka opiekun kurator
        zgoda tajemnica wgląd skierowanie kolejka zażalenie spadek testament alimenty adopcja ojcostwo
        separacja mediacja sąd apelacja wyrok ułaskawienie mrugać błyskać wędrować wspinać wyć pełzać
        potknąć kopać pleść szydełko murować malować tapeta zasłona lampa kanapa półka łopata grabie
        wiadro miotła ser chleb masło sok dżem dorsz krewetka krab małż łoś zając lis borsuk sójka
        wróbel klon jesion dąb świerk brzoza""",
    "ru": """
        уролог невролог кардиолог дерматолог гинеколог акушерка простата яичник матка яичко уретра
        геморрой трещина свищ фимоз головка клитор кандидоз стрептококк импетиго лишай псориаз экзема
        рак химиотерапия биопсия стома катетер диализ диабет инсулин давление инсульт паралич
        эпилепсия мигрень головокружение глаукома сетчатка стоматолог пломба челюсть логопед
        физиотерапия хиропрактик акупунктура массаж больничный опекун согласие тайна направление очередь
        жалоба наследство завещание алименты усыновление отцовство развод медиация апелляция приговор
        помилование мигать мерцать бродить карабкаться выть ползать спотыкаться копать плести вязать
        строгать красить обои занавеска лампа диван полка лопата грабли ведро метла сыр хлеб масло сок
        варенье треска креветка краб мидия лось заяц лиса барсук сойка воробей клён ясень дуб ель берёза
        синица снегирь ласточка щука окунь""",
    "uk": """
        уролог невролог кардіолог дерматолог гінеколог акушерка простата яєчник матка яєчко уретра
        геморой тріщина нориця фімоз голівка клітор кандидоз стрептокок імпетиго лишай псоріаз екзема
        рак хіміотерапія опромінення біопсія стома катетер діаліз діабет інсулін тиск інсульт параліч
        епілепсія мігрень запаморочення глаукома сітківка стоматолог пломба щелепа логопед фізіотерапія
        хіропрактик акупунктура масаж лікарняний опікун згода таємниця направлення черга скарга спадок
        заповіт усиновлення батьківство розлучення медіація апеляція вирок помилування блимати мерехтіти
        блукати дертися вити повзати спотикатися копати плести вʼязати стругати фарбувати шпалери завіса
        лампа диван полиця лопата граблі відро мітла сир хліб масло сік варення тріска креветка краб
        мідія лось заєць лисиця борсук сойка горобець клен ясен дуб ялина береза синиця снігур ластівка
        щука окунь""",
}


def corrected(finder: Finder, text: str, **values: str) -> str | None:
    criteria = finder.resolve({"q": text, **values}, now=datetime.now(UTC), lang=values.get("lang", "nb"))
    told: str | None = orjson.loads(finder.answer(criteria, datetime.now(UTC)))["understood"]["corrected"]
    return told


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ("nalokson begren", "nalokson Bergen"),
        ("overgrepsmotak tromsö", "overgrepsmottak tromsö"),
        ("legevkat trondhiem", "legevakt Trondheim"),
        ("klamyidatest", "klamydiatest"),
    ],
)
def test_it_is_told_what_the_words_were_taken_for(finder: Finder, typed: str, taken: str) -> None:
    assert corrected(finder, typed) == taken


def test_a_place_that_is_given_is_told_too(finder: Finder) -> None:
    assert corrected(finder, "nalokson", near="Sannes") == "Sandnes"
    assert corrected(finder, "nalokson", near="Sandnes") is None


def test_another_script_is_no_mistake(finder: Finder) -> None:
    assert corrected(finder, "легевакт осло") is None


@pytest.mark.parametrize("language", RARE)
def test_a_rare_word_stays_as_it_is(finder: Finder, language: str) -> None:
    changed = {w for w in RARE[language].split() if corrected(finder, f"{w} xx", lang=language)}
    assert changed == set()


@pytest.mark.parametrize("language", RIGHT)
def test_a_right_word_stays_as_it_is_where_nothing_speaks_for_another(finder: Finder, language: str) -> None:
    changed = {
        w for w in RIGHT[language].split() if finder.understand(f"{w} xx", language=language).corrected
    }
    assert changed == set()


@pytest.mark.parametrize(
    ("text", "language", "taken"),
    [
        ("voldteckt", "nb", "voldtekt"),
        ("overdoze", "en", "overdose"),
        ("conselling", "en", "counselling"),
        ("hivtets", "nb", "hivtest"),
    ],
)
def test_a_word_is_taken_for_another_by_its_slip_or_by_the_sense(
    finder: Finder, text: str, language: str, taken: str
) -> None:
    assert finder.understand(text, language=language).corrected == taken


def test_no_word_of_a_name_in_the_directory_is_put_right(finder: Finder) -> None:
    services = json.loads((SEED_DIR / "services.json").read_text("utf-8"))
    names = {word for row in services for text in row["names"].values() for word in split(text)}
    assert len(names) > 500
    changed = {word for word in names if finder.understand(f"{word} xx").corrected}
    assert changed == set()
