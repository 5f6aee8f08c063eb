"""Every route with every kind of caller, walked from the routes that there are: a route without a row fails.

A row says how the route is asked rightly, and what each caller gets. Each cell is asked about things of its own: a
referral from ``sender`` to ``receiver``, a member, a key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from directory.outbox import endpoints
from directory.outbox.links import token_of
from directory.outbox.models import OutboxMessage
from directory.partners import keys
from directory.partners.access import Role, Scope
from directory.partners.models import Partner
from directory.security import permission_names
from tests.factories import TODAY
from tests.partner_network import Network

PARTNERS = ("sender", "receiver", "third")
CALLERS: dict[str, Callable[[Network], FlaskClient]] = {
    "nobody": lambda network: network.nobody(),
    "revoked key": lambda network: with_revoked_key(network),
    "steward": lambda network: network.person(None, Role.STEWARD),
    "admin": lambda network: network.person(None, Role.ADMIN),
}
for _partner in PARTNERS:
    for _role in (Role.COUNSELLOR, Role.COORDINATOR, Role.EDITOR):
        CALLERS[f"{_role} of {_partner}"] = lambda network, p=_partner, r=_role: network.person(p, r)  # type: ignore[misc]
    for _scope in Scope:
        CALLERS[f"{_scope} of {_partner}"] = lambda network, p=_partner, s=_scope: network.system(p, s)  # type: ignore[misc]

BY_KEY = frozenset(name for name in CALLERS if ":" in name)
UNKNOWN = frozenset({"nobody", "revoked key"})
PEOPLE = frozenset(CALLERS) - BY_KEY - UNKNOWN
ADMIN = frozenset({"admin"})
STEWARD = frozenset({"steward"})
COORDINATORS = frozenset(f"coordinator of {partner}" for partner in PARTNERS)


def by(partner: str, scope: Scope) -> frozenset[str]:
    """Who of this partner deals with referrals: two roles, and keys of one scope."""
    return frozenset({f"counsellor of {partner}", f"coordinator of {partner}", f"{scope} of {partner}"})


def desk(partner: str) -> frozenset[str]:
    """Which people of this partner deal with referrals."""
    return frozenset({f"counsellor of {partner}", f"coordinator of {partner}"})


COUNSELLING = desk("sender") | desk("receiver") | desk("third")
READS, WRITES = Scope.REFERRALS_READ, Scope.REFERRALS_WRITE
ALL_READ = by("sender", READS) | by("receiver", READS) | by("third", READS)
ALL_WRITE = by("sender", WRITES) | by("receiver", WRITES) | by("third", WRITES)


def with_revoked_key(network: Network) -> FlaskClient:
    id, text = network.key("sender", *Scope)
    with network.database.unit_of_work() as session:
        keys.revoke(session, keys.key_of(session, str(id)), now=network.now)
        session.commit()
    return network.asking_by(text)


@dataclass(frozen=True)
class Row:
    """``got``: what each caller gets who is not told 401 (nobody we know) or 403 (known, and may not).

    ``id``: makes what the address names, and returns its id. ``json``, or ``form`` of a page: functions in it are asked
    for each cell.
    """

    got: Mapping[str, int]
    id: Callable[[Network], object] | None = None
    json: Callable[[], Any] | None = None
    form: Callable[[], dict[str, Any]] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    expected: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        others = {caller: 401 if caller in UNKNOWN else 403 for caller in CALLERS}
        object.__setattr__(self, "expected", others | dict(self.got))


def all_get(status: int) -> dict[str, int]:
    return dict.fromkeys(CALLERS, status)


def page(callers: frozenset[str], status: int, *but: tuple[frozenset[str], int]) -> dict[str, int]:
    """As ``each``, of a page that is asked for: whom we don't know is led to the sign-in."""
    return each(UNKNOWN, 303) | each(callers, status, *but)


def each(callers: frozenset[str], status: int, *but: tuple[frozenset[str], int]) -> dict[str, int]:
    got = dict.fromkeys(callers, status)
    for others, another in but:
        got |= dict.fromkeys(others, another)
    return got


CONSENT = {"given_on": TODAY.isoformat(), "method": "oral", "covers": ["receiver", "content"]}
NEW = {"service_id": "clinic", "consent": CONSENT, "message": "Trenger noen som snakker russisk."}


def referral(network: Network, **said: Any) -> Any:
    answer = network.person("sender", Role.COUNSELLOR).post(
        "/api/v1/referrals", json=NEW | said, headers={"Idempotency-Key": str(uuid4())}
    )
    assert answer.status_code == 201, answer.text
    return answer.json


def sent(network: Network) -> str:
    return str(referral(network, status="requested")["id"])


def draft(network: Network) -> str:
    return str(referral(network)["id"])


def code(network: Network) -> str:
    made = network.person("sender", Role.COUNSELLOR).post(
        "/api/v1/referrals",
        json={"service_id": "clinic", "delivery": "carried", "status": "requested"},
        headers={"Idempotency-Key": str(uuid4())},
    )
    return str(made.json["carried"]["code"])  # type: ignore[index]


def member(network: Network) -> object:
    return network.account("sender", Role.EDITOR, email=f"{uuid4()}@example.org").id


def webhook(network: Network) -> object:
    with network.database.unit_of_work() as session:
        endpoint, _ = endpoints.add(
            session,
            network.vault,
            network.partners["sender"],
            url=f"https://hooks.example.org/{uuid4()}",
            resolver=lambda name, port: ["192.0.43.8"],
            loopback=False,
            now=network.now,
        )
        for other in endpoints.endpoints_of(session, endpoint.partner_id):
            if other.id != endpoint.id:  # a partner has some at most
                endpoints.remove(session, other)
        session.commit()
    return endpoint.id


def dead_delivery(network: Network) -> object:
    id = webhook(network)
    with network.database.unit_of_work() as session:
        endpoint = endpoints.endpoint_of(session, network.partners["sender"].id, UUID(str(id)))
        message = endpoints.send_test(session, endpoint, now=network.now)
        message.state = "dead"
        session.commit()
    return message.id


def link(network: Network) -> object:
    """The token of a mail's link, by which anybody may say that a referral has come."""
    with network.database.unit_of_work() as session:
        session.execute(update(Partner).values(mailbox="post@example.org"))
        session.commit()
    about = OutboxMessage.referral_id == UUID(sent(network)), OutboxMessage.channel == "mail"
    with network.database.reading() as session:
        return token_of(network.vault, session.execute(select(OutboxMessage.id).where(*about)).scalar_one())


def service(network: Network) -> object:
    entry: Any = network.nobody().get("/api/v1/services/clinic").json
    return entry["id"]


def correction(network: Network) -> object:
    said = {"about": "closed-down"}
    answer: Any = network.nobody().post("/api/v1/services/clinic/corrections", json=said).json
    return answer["id"]


def location(network: Network) -> object:
    entry: Any = network.nobody().get("/api/v1/services/clinic").json
    return entry["locations"][0]["id"]


PARTIES_READ = each(ALL_READ, 200, (by("third", READS), 404))
PARTIES_WRITE = each(ALL_WRITE, 200, (by("third", WRITES), 404))
SENDERS_COORDINATOR = each(COORDINATORS, 404, (frozenset({"coordinator of sender"}), 200))
AT_THE_DESK = page(COUNSELLING, 200, (desk("third"), 404))
SENDERS_DESK = page(COUNSELLING, 404, (desk("sender"), 200))
WEBHOOK_CHANGED = each(COORDINATORS, 404, (frozenset({"coordinator of sender"}), 303))
FIRST = {"If-Match": '"1"'}

ROWS: dict[str, Row] = {
    "GET /": Row(all_get(302)),
    "GET /tiles/<int:z>/<int:x>/<int:y>": Row(all_get(404)),  # no tiles are set
    "GET /widget.js": Row(all_get(200)),
    "GET /widget": Row(all_get(200)),
    "GET /embed": Row(all_get(200), query="partner=sender"),
    "POST /embed": Row(all_get(200), query="partner=sender", form=lambda: {"q": "hivtest"}),
    "GET /embed/<look>.css": Row(all_get(200), id=lambda network: "dark-0b5563"),
    "GET /health": Row(all_get(200)),
    "GET /ready": Row(all_get(200)),
    "GET /metrics": Row(all_get(200)),  # of a program on this machine
    "GET /problems/<code>": Row(all_get(200), id=lambda network: "not-found"),
    "GET /api/openapi.json": Row(all_get(200)),
    "GET /api/docs": Row(all_get(200)),
    "GET /api/docs/<name>": Row(all_get(200), id=lambda network: "docs.js"),
    "GET /api/v1/search": Row(all_get(200), query="need=naloxone"),
    "POST /api/v1/search": Row(all_get(200), json=lambda: {"need": "naloxone"}),
    "GET /api/v1/suggest": Row(all_get(200), query="q=na"),
    "POST /api/v1/suggest": Row(all_get(200), json=lambda: {"q": "na"}),
    "GET /api/v1/needs": Row(all_get(200)),
    "GET /api/v1/services/<id>": Row(all_get(200), id=lambda network: "clinic"),
    "POST /api/v1/services/<id>/corrections": Row(
        all_get(201), id=lambda network: "clinic", json=lambda: {"about": "closed-down", "text": "Flyttet."}
    ),
    "GET /api/v1/corrections": Row(each(STEWARD, 200)),
    "POST /api/v1/corrections/<id>/decision": Row(
        each(STEWARD, 200), id=correction, json=lambda: {"state": "mended"}
    ),
    "GET /api/v1/organizations/<id>": Row(all_get(200), id=lambda network: "clinic-house"),
    "GET /api/v1/locations/<id>": Row(all_get(200), id=location),
    # Asked for with nothing in it: that is told to whoever asks.
    "POST /api/v1/session": Row(all_get(422), json=dict),
    "GET /api/v1/session": Row(each(PEOPLE, 200)),
    "DELETE /api/v1/session": Row(each(PEOPLE, 204)),
    "POST /api/v1/session/password": Row(all_get(422), json=dict),
    "POST /api/v1/session/totp": Row(each(PEOPLE, 200)),
    "PUT /api/v1/session/totp": Row(each(PEOPLE, 409), json=lambda: {"code": "123456"}),
    "DELETE /api/v1/session/totp": Row(each(PEOPLE, 409), json=lambda: {"code": "123456"}),
    "GET /api/v1/session/oidc": Row(all_get(404)),
    "GET /api/v1/session/oidc/callback": Row(all_get(404)),
    "GET /api/v1/partners": Row(each(ADMIN, 200)),
    "POST /api/v1/partners": Row(
        each(ADMIN, 201), json=lambda: {"slug": f"p-{uuid4()}", "name": "A partner"}
    ),
    "PATCH /api/v1/partners/<id>": Row(each(ADMIN, 200), id=lambda network: "third", json=dict),
    "GET /api/v1/members": Row(each(COORDINATORS, 200)),
    "POST /api/v1/members": Row(
        each(COORDINATORS, 201),
        json=lambda: {"email": f"{uuid4()}@example.org", "roles": ["counsellor"]},
    ),
    "PATCH /api/v1/members/<id>": Row(SENDERS_COORDINATOR, id=member, json=dict),
    "POST /api/v1/members/<id>/reset": Row(SENDERS_COORDINATOR, id=member, json=dict),
    "GET /api/v1/keys": Row(each(COORDINATORS, 200)),
    "POST /api/v1/keys": Row(
        each(COORDINATORS, 201), json=lambda: {"label": "a system", "scopes": ["referrals:read"]}
    ),
    "POST /api/v1/keys/<id>/rotate": Row(
        each(COORDINATORS, 404, (frozenset({"coordinator of sender"}), 201)),
        id=lambda network: network.key("sender", READS)[0],
        json=dict,
    ),
    "DELETE /api/v1/keys/<id>": Row(
        each(COORDINATORS, 404, (frozenset({"coordinator of sender"}), 204)),
        id=lambda network: network.key("sender", READS)[0],
    ),
    "GET /api/v1/partner": Row(each(COORDINATORS, 200)),
    "PATCH /api/v1/partner": Row(each(COORDINATORS, 200), json=lambda: {"mailbox": "post@example.org"}),
    "GET /api/v1/webhooks": Row(each(COORDINATORS, 200)),
    "POST /api/v1/webhooks": Row(
        each(COORDINATORS, 201), json=lambda: {"url": f"https://192.0.43.8/{uuid4()}"}
    ),
    "PATCH /api/v1/webhooks/<id>": Row(SENDERS_COORDINATOR, id=webhook, json=lambda: {"active": False}),
    "DELETE /api/v1/webhooks/<id>": Row(
        each(COORDINATORS, 404, (frozenset({"coordinator of sender"}), 204)), id=webhook
    ),
    "POST /api/v1/webhooks/<id>/rotate": Row(
        each(COORDINATORS, 404, (frozenset({"coordinator of sender"}), 201)), id=webhook
    ),
    "POST /api/v1/webhooks/<id>/test": Row(
        each(COORDINATORS, 404, (frozenset({"coordinator of sender"}), 202)), id=webhook
    ),
    "GET /api/v1/webhooks/<id>/deliveries": Row(SENDERS_COORDINATOR, id=webhook),
    "POST /api/v1/webhooks/deliveries/<id>/replay": Row(
        each(COORDINATORS, 404, (frozenset({"coordinator of sender"}), 202)), id=dead_delivery
    ),
    "GET /api/v1/referrals": Row(each(ALL_READ, 200)),
    "POST /api/v1/referrals": Row(
        each(ALL_WRITE, 201), json=lambda: NEW, headers={"Idempotency-Key": "the-same-for-all"}
    ),
    "GET /api/v1/referrals/<id>": Row(PARTIES_READ, id=sent),
    "PATCH /api/v1/referrals/<id>": Row(
        each(ALL_WRITE, 404, (by("sender", WRITES), 200)),
        id=draft,
        json=lambda: {"urgency": "soon"},
        headers=FIRST,
    ),
    "DELETE /api/v1/referrals/<id>": Row(
        PARTIES_WRITE | each(by("receiver", WRITES), 403), id=sent, headers=FIRST
    ),
    "GET /api/v1/referrals/<id>/export": Row(PARTIES_READ, id=sent),
    "POST /api/v1/referrals/<id>/transitions": Row(
        PARTIES_WRITE, id=sent, json=lambda: {"to": "cancelled", "reason": "duplicate"}, headers=FIRST
    ),
    "DELETE /api/v1/referrals/<id>/consent": Row(PARTIES_WRITE, id=sent, headers=FIRST),
    "GET /api/v1/referrals/<id>/alternatives": Row(each(ALL_READ, 404, (by("sender", READS), 200)), id=sent),
    "GET /api/v1/referrals/<id>/events": Row(PARTIES_READ, id=sent),
    "GET /api/v1/referrals/<id>/messages": Row(PARTIES_READ, id=sent),
    "POST /api/v1/referrals/<id>/messages": Row(
        each(ALL_WRITE, 201, (by("third", WRITES), 404)), id=sent, json=lambda: {"text": "Takk."}
    ),
    "GET /api/v1/referrals/report": Row(each(COORDINATORS, 200)),
    "POST /api/v1/referrals/redeem": Row(
        each(ALL_WRITE, 404, (by("receiver", WRITES), 200)),
        json=lambda: {"code": code},  # one for each cell
    ),
    "GET /desk": Row(page(PEOPLE, 200)),
    "GET /desk/sign-in": Row(each(BY_KEY | UNKNOWN, 200, (PEOPLE, 303))),
    "POST /desk/sign-in": Row(all_get(422), form=dict),
    "POST /desk/sign-out": Row(all_get(303), form=dict),
    "GET /desk/invitation": Row(all_get(200)),
    "POST /desk/invitation": Row(all_get(422), form=dict),
    "GET /desk/reset": Row(all_get(200)),
    "POST /desk/reset": Row(all_get(422), form=dict),
    "POST /desk/language": Row(all_get(303), form=lambda: {"language": "en"}),
    "GET /desk/account": Row(page(PEOPLE, 200)),
    "POST /desk/account/here": Row(each(PEOPLE, 200), form=dict),
    "POST /desk/account/notices": Row(each(PEOPLE, 303), form=lambda: {"notices": "none"}),
    "GET /desk/account/codes": Row(page(PEOPLE, 200)),
    "POST /desk/account/codes": Row(each(PEOPLE, 303), form=dict),
    "POST /desk/account/codes/confirm": Row(each(PEOPLE, 303), form=lambda: {"code": "123456"}),
    "POST /desk/account/codes/off": Row(each(PEOPLE, 303), form=lambda: {"code": "123456"}),
    "GET /desk/reports": Row(page(COORDINATORS, 200)),
    "GET /desk/corrections": Row(page(STEWARD, 200)),
    "POST /desk/corrections/<id>": Row(each(STEWARD, 303), id=correction, form=lambda: {"state": "declined"}),
    "GET /desk/settings": Row(page(COORDINATORS, 200)),
    "POST /desk/settings/mailbox": Row(each(COORDINATORS, 303), form=lambda: {"mailbox": "post@example.org"}),
    "POST /desk/settings/origins": Row(
        each(COORDINATORS, 303), form=lambda: {"origins": "https://www.example.org"}
    ),
    "GET /desk/settings/members": Row(page(COORDINATORS, 200)),
    "POST /desk/settings/members": Row(
        each(COORDINATORS, 201),
        form=lambda: {"email": lambda network: f"{uuid4()}@example.org", "roles": "editor"},
    ),
    "GET /desk/settings/members/<id>": Row(
        page(COORDINATORS, 404, (frozenset({"coordinator of sender"}), 200)), id=member
    ),
    "POST /desk/settings/members/<id>": Row(
        each(COORDINATORS, 404, (frozenset({"coordinator of sender"}), 303)),
        id=member,
        form=lambda: {"roles": "editor", "active": "yes"},
    ),
    "POST /desk/settings/members/<id>/reset": Row(
        each(COORDINATORS, 404, (frozenset({"coordinator of sender"}), 201)), id=member, form=dict
    ),
    "GET /desk/settings/keys": Row(page(COORDINATORS, 200)),
    "POST /desk/settings/keys": Row(
        each(COORDINATORS, 201), form=lambda: {"label": "a system", "scopes": "referrals:read"}
    ),
    "POST /desk/settings/keys/<id>/rotate": Row(
        each(COORDINATORS, 404, (frozenset({"coordinator of sender"}), 201)),
        id=lambda network: network.key("sender", READS)[0],
        form=dict,
    ),
    "POST /desk/settings/keys/<id>/revoke": Row(
        each(COORDINATORS, 404, (frozenset({"coordinator of sender"}), 303)),
        id=lambda network: network.key("sender", READS)[0],
        form=dict,
    ),
    "GET /desk/settings/webhooks": Row(page(COORDINATORS, 200)),
    # An address within the network of who runs this is refused to all.
    "POST /desk/settings/webhooks": Row(each(COORDINATORS, 422), form=lambda: {"url": "https://10.0.0.1/"}),
    "GET /desk/settings/webhooks/<id>": Row(
        page(COORDINATORS, 404, (frozenset({"coordinator of sender"}), 200)), id=webhook
    ),
    "POST /desk/settings/webhooks/<id>/rotate": Row(
        each(COORDINATORS, 404, (frozenset({"coordinator of sender"}), 201)), id=webhook, form=dict
    ),
    "POST /desk/settings/webhooks/<id>/test": Row(WEBHOOK_CHANGED, id=webhook, form=dict),
    "POST /desk/settings/webhooks/<id>/active": Row(
        WEBHOOK_CHANGED, id=webhook, form=lambda: {"active": "no"}
    ),
    "POST /desk/settings/webhooks/<id>/replay": Row(
        each(COORDINATORS, 404), id=webhook, form=lambda: {"delivery": str(uuid4())}
    ),
    "POST /desk/settings/webhooks/<id>/remove": Row(WEBHOOK_CHANGED, id=webhook, form=dict),
    "GET /static/<path:name>": Row(all_get(200), id=lambda network: "desk.css"),
    "GET /<lang:lang>/": Row(all_get(200)),
    "POST /<lang:lang>/": Row(all_get(200), form=lambda: {"q": "hivtest"}),
    "GET /<lang:lang>/services/<id>": Row(all_get(200), id=lambda network: "clinic"),
    "GET /<lang:lang>/services/<id>/mistake": Row(all_get(200), id=lambda network: "clinic"),
    "POST /<lang:lang>/services/<id>/mistake": Row(
        all_get(303), id=lambda network: "clinic", form=lambda: {"about": "closed-down"}
    ),
    "GET /<lang:lang>/emergency": Row(all_get(200)),
    "GET /<lang:lang>/traces": Row(all_get(200)),
    "GET /<lang:lang>/list": Row(all_get(200)),
    "POST /<lang:lang>/list": Row(all_get(200), form=lambda: {"id": "nobody"}),
    "GET /<lang:lang>/list/kept.js": Row(all_get(200)),
    "GET /desk/due": Row(page(COUNSELLING, 200)),
    "GET /desk/in": Row(page(COUNSELLING, 200)),
    "GET /desk/out": Row(page(COUNSELLING, 200)),
    "GET /desk/search": Row(page(COUNSELLING, 200)),
    "POST /desk/search": Row(each(COUNSELLING, 200), form=lambda: {"q": "hivtest"}),
    "GET /desk/refer/<id>": Row(page(COUNSELLING, 200), id=service),
    "POST /desk/refer/<id>": Row(
        each(COUNSELLING, 303),
        id=service,
        form=lambda: {"once": "the-same-for-all", "do": "draft", "needs": "hiv-testing"},
    ),
    "GET /desk/referrals/<id>": Row(AT_THE_DESK, id=sent),
    "GET /desk/referrals/<id>/edit": Row(SENDERS_DESK, id=draft),
    "POST /desk/referrals/<id>/edit": Row(
        each(COUNSELLING, 404, (desk("sender"), 303)),
        id=draft,
        form=lambda: {"once": "the-same-for-all", "version": "1", "do": "draft", "urgency": "soon"},
    ),
    "POST /desk/referrals/<id>/step": Row(
        each(COUNSELLING, 303, (desk("third"), 404)),
        id=sent,
        form=lambda: {
            "once": "the-same-for-all",
            "version": "1",
            "to": "cancelled",
            "cancelled.reason": "duplicate",
        },
    ),
    "POST /desk/referrals/<id>/messages": Row(
        each(COUNSELLING, 303, (desk("third"), 404)),
        id=sent,
        form=lambda: {"once": "the-same-for-all", "text": "Takk."},
    ),
    "POST /desk/referrals/<id>/consent": Row(
        each(COUNSELLING, 303, (desk("third"), 404)),
        id=sent,
        form=lambda: {"once": "the-same-for-all", "version": "1"},
    ),
    "POST /desk/referrals/<id>/erase": Row(
        each(COUNSELLING, 404, (desk("sender"), 303), (desk("receiver"), 403)),
        id=sent,
        form=lambda: {"once": "the-same-for-all", "version": "1"},
    ),
    "GET /desk/referrals/<id>/export": Row(AT_THE_DESK, id=sent),
    "GET /desk/received/<token>": Row(all_get(200), id=link),
    "POST /desk/received/<token>": Row(all_get(200), id=link, form=dict),
    "GET /desk/redeem": Row(page(COUNSELLING, 200)),
    "POST /desk/redeem": Row(
        each(COUNSELLING, 404, (desk("receiver"), 303)),
        form=lambda: {"once": "the-same-for-all", "code": code},  # one for each cell
    ),
}


def asked(network: Network, client: FlaskClient, name: str, row: Row, id: object) -> Any:
    method, _, rule = name.partition(" ")
    rule = rule.replace("<lang:lang>", "nb")
    path, json, form = rule, row.json and row.json(), row.form and row.form()
    if "<" in rule:
        path = f"{rule[: rule.index('<')]}{id}{rule[rule.index('>') + 1 :]}"
    if isinstance(json, dict):
        json = {field: value(network) if callable(value) else value for field, value in json.items()}
    if form is not None:
        form = {field: value(network) if callable(value) else value for field, value in form.items()}
    said: dict[str, Any] = {"json": json} if form is None else {"data": form}
    answer = client.open(path, method=method, headers=dict(row.headers), query_string=row.query, **said)
    answer.get_data()
    answer.close()  # a file that is sent
    return answer


def seen(answer: Any) -> tuple[int, bytes, list[tuple[str, str]]]:
    """All that a caller sees of an answer, but for the id of the request."""
    return answer.status_code, answer.data, [h for h in answer.headers if h[0] != "X-Request-Id"]


def names(app: Flask) -> set[str]:
    return {name for rule in app.url_map.iter_rules() for name in permission_names(rule)}


def test_every_route_has_a_row_and_every_row_a_route(directory_app: Flask) -> None:
    assert names(directory_app) == set(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_every_caller_gets_what_the_row_says(network: Network, name: str) -> None:
    row, got = ROWS[name], {}
    for caller, comes in CALLERS.items():
        client, id = comes(network), row.id and row.id(network)
        answer = asked(network, client, name, row, id)
        got[caller] = answer.status_code
        if answer.status_code == 404 and "<id>" in name:
            other = asked(network, comes(network), name, row, uuid4())
            assert seen(answer) == seen(other), f"{caller} can tell that it is there"
    assert got == row.expected


def test_who_may_not_is_told_so_before_anything_is_looked_up(network: Network) -> None:
    """The answer is the same whether the address names something or nothing, and whatever the body is."""
    for name, row in ROWS.items():
        if "<id>" not in name:
            continue
        there = row.id and row.id(network)
        for caller in (caller for caller, status in row.expected.items() if status in (401, 403)):
            client = CALLERS[caller](network)
            method, _, rule = name.partition(" ")
            answers = [
                str(seen(client.open(rule.replace("<id>", str(id)), method=method, **said))).replace(
                    str(id), ""
                )
                for id in (there, uuid4(), "no-id-as-long-as-one-xxxxxxxxxxxxxxx")
                for said in ({"json": {"no": "such"}}, {"data": b"{", "content_type": "application/json"})
            ]
            assert len(set(answers)) == 1, f"{caller}: {name}"


def test_an_admin_is_told_nothing_of_any_referral(network: Network) -> None:
    id = sent(network)
    admin = network.person(None, Role.ADMIN)
    both = network.person("sender", Role.ADMIN, Role.EDITOR)
    for client in (admin, both):
        for path in ("", f"/{id}", f"/{id}/events", f"/{id}/messages"):
            assert client.get(f"/api/v1/referrals{path}").status_code == 403
