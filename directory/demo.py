"""A small partner network to try out: two partners, people of every role, keys, and ten referrals on their way.

All of it is made up. The organizations that the two partners answer for are real ones of the directory, and have
nothing to do with it. The referrals are made by what makes them in life, as of days gone by, so that consent, events
and messages to others are as they would be.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlmodel import Session

from directory.config import SEED_DIR, Settings
from directory.database import Database
from directory.encryption import Vault
from directory.errors import Conflict
from directory.needs import Needs
from directory.partners import keys, members, partnering, passwords
from directory.partners.access import Identity, Role, Scope
from directory.partners.accounts import identity_of_account
from directory.partners.models import Account, Partner
from directory.referrals import composing, referring
from directory.referrals.consent import day_of
from directory.referrals.models import Referral

TEAM, CLINIC = "demo-team", "demo-clinic"
NAMES = {TEAM: "Demo: Helseutvalget (oppdiktet)", CLINIC: "Demo: Oslo universitetssykehus (oppdiktet)"}
ORGANIZATIONS = {TEAM: "helseutvalget", CLINIC: "oslo-universitetssykehus"}
MAILBOX = "inbox@clinic.example.org"  # of the clinic; the team's people get their mail themselves
# Reserved for examples by RFC 2606: nobody has these addresses.
PEOPLE: tuple[tuple[str, str | None, Role], ...] = (
    ("counsellor@team.example.org", TEAM, Role.COUNSELLOR),
    ("coordinator@team.example.org", TEAM, Role.COORDINATOR),
    ("counsellor@clinic.example.org", CLINIC, Role.COUNSELLOR),
    ("coordinator@clinic.example.org", CLINIC, Role.COORDINATOR),
    ("editor@clinic.example.org", CLINIC, Role.EDITOR),
    ("steward@example.org", None, Role.STEWARD),
    ("admin@example.org", None, Role.ADMIN),
)
SCOPES = {
    TEAM: (Scope.REFERRALS_READ, Scope.REFERRALS_WRITE),
    CLINIC: (Scope.REFERRALS_READ, Scope.REFERRALS_WRITE, Scope.CATALOGUE_WRITE),
}

_SYLLABLES, _WORDS = 2, 4
_CONSONANTS, _VOWELS = "bdfghjklmnprstv", "aeiou"


@dataclass(frozen=True, slots=True)
class Login:
    email: str
    partner: str | None
    role: str
    password: str


@dataclass(frozen=True, slots=True)
class Key:
    partner: str
    scopes: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Made:
    """What can't be had again: passwords, keys, and ``code``, which the team can redeem."""

    logins: tuple[Login, ...]
    keys: tuple[Key, ...]
    code: str
    referrals: int


@dataclass(frozen=True, slots=True)
class Step:
    """``ago``: before now. In ``said`` a timedelta is a moment, or for what ends in _on a day, that far from now."""

    ago: timedelta
    by: str
    does: Literal["create", "change", "read", "message", "step"]
    said: Mapping[str, Any] = field(default_factory=dict)


def refuse_settings(settings: Settings) -> None:
    """Raises Conflict where a demo has no place: in production, and where mail would leave this machine."""
    if settings.environment == "production":
        raise Conflict("The demo is for trying out; this installation is set up for production.")
    if settings.smtp_url and not settings.smtp_url.get_secret_value().startswith("file:"):
        raise Conflict(
            "The demo's mail goes to files; VEIVISER_SMTP_URL names a server. Unset it to try out."
        )


def refuse_company(session: Session) -> None:
    """Raises Conflict where others take part already, or the demo was made before."""
    slugs = {partner.slug for partner in partnering.partners(session)}
    if slugs & set(NAMES):
        raise Conflict(
            "The demo is here already. For another password: veiviser user reset EMAIL. To begin anew: stop "
            "what serves, and name a new directory in VEIVISER_DATA_DIR (and a new database, where "
            "VEIVISER_DATABASE_URL names one)."
        )
    if slugs:
        raise Conflict(f"Partners take part here already ({', '.join(sorted(slugs))}): no demo among them.")


def make(settings: Settings, database: Database, vault: Vault, now: datetime) -> Made:
    """The whole demo in one transaction. Raises Conflict, changing nothing, where it has no place."""
    refuse_settings(settings)
    with database.reading() as session:  # before anything takes time
        refuse_company(session)
    chosen = {email: new_password() for email, _, _ in PEOPLE}
    kept = {email: passwords.hashed(password) for email, password in chosen.items()}  # before the transaction
    with database.unit_of_work() as session:
        refuse_company(session)
        began = now - max(step.ago for story in STORIES for step in story) - timedelta(days=1)
        partners = {slug: _partner(session, slug, began) for slug in NAMES}
        people: dict[str, Account] = {}
        for email, slug, role in PEOPLE:
            account = members.add_account(
                session, email=email, roles=[role], partner=partners[slug] if slug else None, now=began
            )
            account.password_hash = kept[email]  # as its owner would choose one by an invitation
            people[email] = account
        made_keys = tuple(_key(session, partners[slug], began) for slug in NAMES)
        code = _live(session, vault, {email: identity_of_account(one) for email, one in people.items()}, now)
        session.commit()
    logins = tuple(
        Login(email, NAMES[slug] if slug else None, role, chosen[email]) for email, slug, role in PEOPLE
    )
    return Made(logins, made_keys, code, len(STORIES))


def new_password() -> str:
    """Made-up words that can be said: some 49 random bits."""
    return "-".join(
        "".join(secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS) for _ in range(_SYLLABLES))
        for _ in range(_WORDS)
    )


def _partner(session: Session, slug: str, now: datetime) -> Partner:
    partner = partnering.add_partner(
        session, slug=slug, name=NAMES[slug], organizations=[ORGANIZATIONS[slug]], now=now
    )
    partnering.set_mailbox(session, partner, MAILBOX if slug == CLINIC else None)
    return partner


def _key(session: Session, partner: Partner, now: datetime) -> Key:
    scopes = SCOPES[partner.slug]
    _, text = keys.create(session, partner, label="Demo", scopes=scopes, now=now)
    return Key(partner.name, tuple(scopes), text)


def _live(session: Session, vault: Vault, people: Mapping[str, Identity], now: datetime) -> str:
    """Let all of it happen, in the order of time. Returns the code of the one that the client carries."""
    needs = frozenset(need.slug for need in Needs.load(SEED_DIR))
    referrals: dict[int, UUID] = {}
    code = None
    happened = sorted(
        ((step, number) for number, story in enumerate(STORIES) for step in story),
        key=lambda pair: pair[0].ago,
        reverse=True,
    )
    for step, number in happened:
        who, at, said = people[step.by], now - step.ago, _spelled_out(step.said, now)
        if step.does == "create":
            sent = composing.create(session, vault, who, said, needs=needs, now=at)
            referrals[number], code = sent.view.id, sent.code or code
        elif step.does == "read":
            referring.read(session, vault, who, referrals[number], now=at)
        elif step.does == "message":
            referring.write_message(session, vault, who, referrals[number], said, now=at)
        else:
            referral = session.get_one(Referral, referrals[number])
            referring.take_step(session, vault, who, referral.id, said, version=referral.version, now=at)
    assert code is not None  # one of them is carried
    return code


def _spelled_out(said: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """As JSON has it: what is told as so long from now becomes a moment or a day."""

    def value(name: str, told: Any) -> Any:
        if isinstance(told, Mapping):
            return _spelled_out(told, now)
        if not isinstance(told, timedelta):
            return told
        if name.endswith("_on"):
            return day_of(now + told).isoformat()
        return (now + told).astimezone(UTC).replace(hour=11, minute=0, second=0, microsecond=0).isoformat()

    return {name: value(name, told) for name, told in said.items()}


_AT_TEAM, _AT_CLINIC = "counsellor@team.example.org", "counsellor@clinic.example.org"
_MADE_UP = "Oppdiktet eksempel: "


def _ago(days: float, hours: float = 0) -> timedelta:
    return timedelta(days=days, hours=hours)


def _sent(ago: timedelta, message: str, by: str = _AT_TEAM, **said: Any) -> Step:
    """Requested at once, of the clinic unless another service is named."""
    return Step(
        ago,
        by,
        "create",
        {
            "service_id": "olafiaklinikken",
            "status": "requested",
            "contact_preference": "via-sender",
            "languages": ["nb"],
            "message": _MADE_UP + message,
            "consent": {"given_on": -ago, "method": "oral", "covers": ["receiver", "content"]},
        }
        | said,
    )


def _read(ago: timedelta, by: str = _AT_CLINIC) -> Step:
    return Step(ago, by, "read")


def _message(ago: timedelta, by: str, text: str) -> Step:
    return Step(ago, by, "message", {"text": _MADE_UP + text})


def _step(ago: timedelta, to: str, by: str = _AT_CLINIC, **said: Any) -> Step:
    return Step(ago, by, "step", {"to": to} | said)


# Each from its beginning to where it stands today. The days are counted so that something is always overdue, fresh,
# to be looked at again today, and over, whatever day the demo is made on.
STORIES: tuple[tuple[Step, ...], ...] = (
    (  # a draft
        Step(
            _ago(1),
            _AT_TEAM,
            "create",
            {
                "service_id": "ous-ruspoliklinikker",
                "needs": ["substance-treatment"],
                "message": _MADE_UP + "ikke sendt ennå.",
            },
        ),
    ),
    (  # nobody has answered, and it was urgent
        _sent(
            _ago(8),
            "ønsker time så snart som mulig, helst med tolk.",
            needs=["sti-testing"],
            urgency="urgent",
            languages=["ru"],
        ),
    ),
    (  # fresh, the other way
        _sent(
            _ago(0, 1),
            "vil gjerne snakke med noen om rus og sex.",
            by=_AT_CLINIC,
            service_id="helseutvalget",
            needs=["chemsex-information"],
        ),
    ),
    (  # accepted, with a time
        _sent(_ago(4), "kan komme på ettermiddagen.", needs=["hiv-testing", "sti-testing"]),
        _read(_ago(4, -2)),
        _step(_ago(4, -3), "accepted", appointment_at=timedelta(days=3)),
    ),
    (  # in progress, and to be followed up since yesterday
        _sent(
            _ago(15),
            "trenger oppfølging over tid.",
            needs=["prep"],
            urgency="soon",
            follow_up_on=-timedelta(days=1),
        ),
        _read(_ago(15, -4)),
        _step(_ago(15, -5), "accepted"),
        _message(_ago(14), _AT_TEAM, "foretrekker samtale på engelsk."),
        _message(_ago(14, -3), _AT_CLINIC, "det går fint."),
        _step(_ago(10), "in-progress"),
    ),
    (  # on hold, to be looked at again today
        _sent(_ago(20), "usikker på om det passer nå.", needs=["hiv-testing"], urgency="soon"),
        _read(_ago(19)),
        _step(_ago(19, -1), "accepted"),
        _step(_ago(12), "on-hold", reason="client-not-ready", revisit_on=timedelta(0)),
    ),
    (  # completed
        _sent(_ago(30), "test og vaksine.", needs=["sti-testing", "hepatitis-vaccine"]),
        _read(_ago(30, -1)),
        _step(_ago(30, -2), "accepted", appointment_at=-timedelta(days=25)),
        _step(_ago(25), "in-progress"),
        _step(_ago(21), "completed", outcome="need-met"),
    ),
    (  # rejected, the other way
        _sent(
            _ago(9),
            "hurtigtest før helgen.",
            by=_AT_CLINIC,
            service_id="sjekkpunkt-oslo",
            needs=["hiv-testing"],
        ),
        _read(_ago(8, 2), by=_AT_TEAM),
        _step(_ago(8), "rejected", by=_AT_TEAM, reason="no-capacity"),
    ),
    (  # cancelled by who sent it, after it was accepted
        _sent(_ago(13), "vet ikke om det haster.", needs=["sti-testing"]),
        _read(_ago(12, 20)),
        _step(_ago(12, 18), "accepted"),
        _step(_ago(11), "cancelled", by=_AT_TEAM, reason="client-declined"),
    ),
    (  # carried by the client, and not redeemed yet
        Step(
            _ago(2),
            _AT_CLINIC,
            "create",
            {
                "service_id": "sjekkpunkt-oslo",
                "delivery": "carried",
                "status": "requested",
                "needs": ["hiv-testing"],
            },
        ),
    ),
)
