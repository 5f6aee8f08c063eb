"""The keys by which a partner's systems ask. For its coordinators."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from sqlmodel import Session

from directory.api.members import id_in_address, own_partner
from directory.api.partner_shapes import KeyArguments, KeyList, NewKeyShape, RotateArguments
from directory.api.rooms import rooms
from directory.partners import keys
from directory.partners.models import ApiKey

blueprint = Blueprint(
    "keys",
    __name__,
    url_prefix="/api/v1/keys",
    description="The keys of your own partner's systems. For coordinators.",
)


@blueprint.route("")
class Keys(MethodView):
    @blueprint.response(200, KeyList)
    def get(self) -> dict[str, Any]:
        """All keys, also those that have ended; the oldest first."""
        with rooms().database.reading() as session:
            return {"keys": [_told(key) for key in keys.keys_of(session, own_partner(session).id)]}

    @blueprint.arguments(KeyArguments, location="json")
    @blueprint.response(201, NewKeyShape)
    def post(self, values: dict[str, Any]) -> dict[str, Any]:
        """A new key. It is shown this once."""
        house = rooms()
        with house.database.unit_of_work() as session:
            key, text = keys.create(session, own_partner(session), **values, now=house.clock())
            session.commit()
        return _told(key) | {"key": text}


@blueprint.route("/<id>")
class Key(MethodView):
    @blueprint.response(204)
    def delete(self, id: str) -> None:
        """Revoke it: from now on it opens nothing."""
        house = rooms()
        with house.database.unit_of_work() as session:
            keys.revoke(session, key_at(session, id), now=house.clock())
            session.commit()


@blueprint.route("/<id>/rotate")
class Rotation(MethodView):
    @blueprint.arguments(RotateArguments, location="json")
    @blueprint.response(201, NewKeyShape)
    def post(self, values: dict[str, Any], id: str) -> dict[str, Any]:
        """Another key of the same scopes, shown this once; the old one goes on for a while, and then ends."""
        house = rooms()
        overlap = timedelta(days=values.get("overlap_days", keys.OVERLAP.days))
        with house.database.unit_of_work() as session:
            key, text = keys.rotate(session, key_at(session, id), now=house.clock(), overlap=overlap)
            session.commit()
        return _told(key) | {"key": text}


def key_at(session: Session, id: str) -> ApiKey:
    """The key of the asker's own partner that an address names. Raises NotFound."""
    return keys.key_of(session, str(id_in_address(id)), own_partner(session).id)


def _told(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "label": key.label,
        "hint": key.hint,
        "scopes": key.scopes,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "used_on": key.used_on,
    }
