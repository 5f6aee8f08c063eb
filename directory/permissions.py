"""Who may do what: one entry for each route. What does not stand here is refused, and a test fails.

``security`` asks this table before each view, and a test walks every route with every role. What one identity may do to
one referral is no matter of the route: see ``partners.access``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from directory.partners.access import READ_REFERRALS, Identity, Role, Scope


class Who(Enum):
    PUBLIC = "anyone"
    OPERATOR = "a program on this machine that asks directly, or anyone where METRICS_PUBLIC is set"
    SIGNED_IN = "a person who is signed in, whatever the roles"


@dataclass(frozen=True, slots=True)
class May:
    """People in one of ``roles``, and keys that have ``scope``; None: no key may."""

    roles: frozenset[Role]
    scope: Scope | None = None


Entry = Who | May

_ADMIN = May(frozenset({Role.ADMIN}))
_STEWARD = May(frozenset({Role.STEWARD}))
_COORDINATOR = May(frozenset({Role.COORDINATOR}))
_READS = May(READ_REFERRALS, Scope.REFERRALS_READ)
_REFERS = May(READ_REFERRALS, Scope.REFERRALS_WRITE)
_COUNSELS = May(READ_REFERRALS)  # people only

# "METHOD /rule" -> who may.
PERMISSIONS: Mapping[str, Entry] = {
    "GET /": Who.PUBLIC,
    "GET /static/<path:name>": Who.PUBLIC,
    "GET /<lang:lang>/": Who.PUBLIC,
    "POST /<lang:lang>/": Who.PUBLIC,
    "GET /<lang:lang>/services/<id>": Who.PUBLIC,
    "GET /<lang:lang>/services/<id>/mistake": Who.PUBLIC,
    "POST /<lang:lang>/services/<id>/mistake": Who.PUBLIC,
    "GET /<lang:lang>/emergency": Who.PUBLIC,
    "GET /<lang:lang>/traces": Who.PUBLIC,
    "GET /<lang:lang>/list": Who.PUBLIC,
    "POST /<lang:lang>/list": Who.PUBLIC,
    "GET /<lang:lang>/list/kept.js": Who.PUBLIC,
    "GET /tiles/<int:z>/<int:x>/<int:y>": Who.PUBLIC,
    "GET /widget.js": Who.PUBLIC,
    "GET /widget": Who.PUBLIC,
    "GET /embed": Who.PUBLIC,
    "POST /embed": Who.PUBLIC,
    "GET /embed/<look>.css": Who.PUBLIC,
    "GET /health": Who.PUBLIC,
    "GET /ready": Who.PUBLIC,
    "GET /metrics": Who.OPERATOR,
    "GET /problems/<code>": Who.PUBLIC,
    "GET /api/openapi.json": Who.PUBLIC,
    "GET /api/docs": Who.PUBLIC,
    "GET /api/docs/<name>": Who.PUBLIC,
    "GET /api/v1/search": Who.PUBLIC,
    "POST /api/v1/search": Who.PUBLIC,
    "GET /api/v1/suggest": Who.PUBLIC,
    "POST /api/v1/suggest": Who.PUBLIC,
    "GET /api/v1/needs": Who.PUBLIC,
    "GET /api/v1/services/<id>": Who.PUBLIC,
    "POST /api/v1/services/<id>/corrections": Who.PUBLIC,
    "GET /api/v1/corrections": _STEWARD,
    "POST /api/v1/corrections/<id>/decision": _STEWARD,
    "GET /api/v1/organizations/<id>": Who.PUBLIC,
    "GET /api/v1/locations/<id>": Who.PUBLIC,
    "POST /api/v1/session": Who.PUBLIC,
    "GET /api/v1/session": Who.SIGNED_IN,
    "DELETE /api/v1/session": Who.SIGNED_IN,
    "POST /api/v1/session/password": Who.PUBLIC,
    "POST /api/v1/session/totp": Who.SIGNED_IN,
    "PUT /api/v1/session/totp": Who.SIGNED_IN,
    "DELETE /api/v1/session/totp": Who.SIGNED_IN,
    "GET /api/v1/session/oidc": Who.PUBLIC,
    "GET /api/v1/session/oidc/callback": Who.PUBLIC,
    "GET /api/v1/partners": _ADMIN,
    "POST /api/v1/partners": _ADMIN,
    "PATCH /api/v1/partners/<id>": _ADMIN,
    "GET /api/v1/members": _COORDINATOR,
    "POST /api/v1/members": _COORDINATOR,
    "PATCH /api/v1/members/<id>": _COORDINATOR,
    "POST /api/v1/members/<id>/reset": _COORDINATOR,
    "GET /api/v1/keys": _COORDINATOR,
    "POST /api/v1/keys": _COORDINATOR,
    "POST /api/v1/keys/<id>/rotate": _COORDINATOR,
    "DELETE /api/v1/keys/<id>": _COORDINATOR,
    "GET /api/v1/partner": _COORDINATOR,
    "PATCH /api/v1/partner": _COORDINATOR,
    "GET /api/v1/webhooks": _COORDINATOR,
    "POST /api/v1/webhooks": _COORDINATOR,
    "PATCH /api/v1/webhooks/<id>": _COORDINATOR,
    "DELETE /api/v1/webhooks/<id>": _COORDINATOR,
    "POST /api/v1/webhooks/<id>/rotate": _COORDINATOR,
    "POST /api/v1/webhooks/<id>/test": _COORDINATOR,
    "GET /api/v1/webhooks/<id>/deliveries": _COORDINATOR,
    "POST /api/v1/webhooks/deliveries/<id>/replay": _COORDINATOR,
    "GET /api/v1/referrals": _READS,
    "POST /api/v1/referrals": _REFERS,
    "POST /api/v1/referrals/redeem": _REFERS,
    "GET /api/v1/referrals/report": _COORDINATOR,
    "GET /api/v1/referrals/<id>": _READS,
    "PATCH /api/v1/referrals/<id>": _REFERS,
    "DELETE /api/v1/referrals/<id>": _REFERS,
    "GET /api/v1/referrals/<id>/export": _READS,
    "POST /api/v1/referrals/<id>/transitions": _REFERS,
    "DELETE /api/v1/referrals/<id>/consent": _REFERS,
    "GET /api/v1/referrals/<id>/alternatives": _READS,
    "GET /api/v1/referrals/<id>/events": _READS,
    "GET /api/v1/referrals/<id>/messages": _READS,
    "POST /api/v1/referrals/<id>/messages": _REFERS,
    "GET /desk": Who.SIGNED_IN,
    "GET /desk/due": _COUNSELS,
    "GET /desk/search": _COUNSELS,
    "POST /desk/search": _COUNSELS,
    "GET /desk/refer/<id>": _COUNSELS,
    "POST /desk/refer/<id>": _COUNSELS,
    "GET /desk/in": _COUNSELS,
    "GET /desk/out": _COUNSELS,
    "GET /desk/referrals/<id>": _COUNSELS,
    "GET /desk/referrals/<id>/edit": _COUNSELS,
    "POST /desk/referrals/<id>/edit": _COUNSELS,
    "POST /desk/referrals/<id>/step": _COUNSELS,
    "POST /desk/referrals/<id>/messages": _COUNSELS,
    "POST /desk/referrals/<id>/consent": _COUNSELS,
    "POST /desk/referrals/<id>/erase": _COUNSELS,
    "GET /desk/referrals/<id>/export": _COUNSELS,
    "GET /desk/reports": _COORDINATOR,
    "GET /desk/corrections": _STEWARD,
    "POST /desk/corrections/<id>": _STEWARD,
    "GET /desk/redeem": _COUNSELS,
    "POST /desk/redeem": _COUNSELS,
    "GET /desk/received/<token>": Who.PUBLIC,
    "POST /desk/received/<token>": Who.PUBLIC,
    "GET /desk/sign-in": Who.PUBLIC,
    "POST /desk/sign-in": Who.PUBLIC,
    "POST /desk/sign-out": Who.PUBLIC,
    "GET /desk/invitation": Who.PUBLIC,
    "POST /desk/invitation": Who.PUBLIC,
    "GET /desk/reset": Who.PUBLIC,
    "POST /desk/reset": Who.PUBLIC,
    "POST /desk/language": Who.PUBLIC,
    "GET /desk/account": Who.SIGNED_IN,
    "POST /desk/account/here": Who.SIGNED_IN,
    "POST /desk/account/notices": Who.SIGNED_IN,
    "GET /desk/account/codes": Who.SIGNED_IN,
    "POST /desk/account/codes": Who.SIGNED_IN,
    "POST /desk/account/codes/confirm": Who.SIGNED_IN,
    "POST /desk/account/codes/off": Who.SIGNED_IN,
    "GET /desk/settings": _COORDINATOR,
    "POST /desk/settings/mailbox": _COORDINATOR,
    "POST /desk/settings/origins": _COORDINATOR,
    "GET /desk/settings/members": _COORDINATOR,
    "POST /desk/settings/members": _COORDINATOR,
    "GET /desk/settings/members/<id>": _COORDINATOR,
    "POST /desk/settings/members/<id>": _COORDINATOR,
    "POST /desk/settings/members/<id>/reset": _COORDINATOR,
    "GET /desk/settings/keys": _COORDINATOR,
    "POST /desk/settings/keys": _COORDINATOR,
    "POST /desk/settings/keys/<id>/rotate": _COORDINATOR,
    "POST /desk/settings/keys/<id>/revoke": _COORDINATOR,
    "GET /desk/settings/webhooks": _COORDINATOR,
    "POST /desk/settings/webhooks": _COORDINATOR,
    "GET /desk/settings/webhooks/<id>": _COORDINATOR,
    "POST /desk/settings/webhooks/<id>/rotate": _COORDINATOR,
    "POST /desk/settings/webhooks/<id>/test": _COORDINATOR,
    "POST /desk/settings/webhooks/<id>/active": _COORDINATOR,
    "POST /desk/settings/webhooks/<id>/replay": _COORDINATOR,
    "POST /desk/settings/webhooks/<id>/remove": _COORDINATOR,
}


def allows(entry: Entry, identity: Identity) -> bool:
    """Whether somebody who is known may ask for the route."""
    if isinstance(entry, May):
        return identity.may(entry.roles, entry.scope)
    return entry is Who.PUBLIC or (entry is Who.SIGNED_IN and not identity.is_key)
