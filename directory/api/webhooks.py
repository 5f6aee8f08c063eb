"""Where a partner's systems are told what happens, and what was sent there. For its coordinators."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from sqlmodel import Session

from directory.api.members import id_in_address, own_partner
from directory.api.rooms import rooms
from directory.api.webhook_shapes import (
    DeliveryList,
    DeliveryShape,
    EndpointArguments,
    EndpointChange,
    EndpointList,
    EndpointShape,
    NewEndpointShape,
)
from directory.outbox import endpoints, targets
from directory.outbox.models import OutboxMessage, WebhookEndpoint

blueprint = Blueprint(
    "webhooks",
    __name__,
    url_prefix="/api/v1/webhooks",
    description="Where your own partner's systems are told what happens. For coordinators.",
)


@blueprint.route("")
class Webhooks(MethodView):
    @blueprint.response(200, EndpointList)
    def get(self) -> dict[str, Any]:
        """All endpoints, also those that are not in use; the oldest first."""
        with rooms().database.reading() as session:
            found = endpoints.endpoints_of(session, own_partner(session).id)
        return {"webhooks": [_told(endpoint) for endpoint in found]}

    @blueprint.arguments(EndpointArguments, location="json")
    @blueprint.response(201, NewEndpointShape)
    def post(self, values: dict[str, Any]) -> dict[str, Any]:
        """A new endpoint, in use from now on, and the secret that messages are signed with, shown this once."""
        house = rooms()
        with house.database.unit_of_work() as session:
            endpoint, secret = endpoints.add(
                session,
                house.vault,
                own_partner(session),
                url=values["url"],
                resolver=targets.look_up,
                loopback=house.settings.webhooks_to_this_machine,
                now=house.clock(),
            )
            session.commit()
        return _told(endpoint) | {"secret": secret}


@blueprint.route("/<id>")
class Webhook(MethodView):
    @blueprint.arguments(EndpointChange, location="json")
    @blueprint.response(200, EndpointShape)
    def patch(self, values: dict[str, Any], id: str) -> dict[str, Any]:
        """Switch it off, or on again."""
        house = rooms()
        with house.database.unit_of_work() as session:
            endpoint = _endpoint(session, id)
            if "active" in values:
                endpoints.set_active(session, endpoint, values["active"], now=house.clock())
            session.commit()
        return _told(endpoint)

    @blueprint.response(204)
    def delete(self, id: str) -> None:
        """Remove it, with all that is known of what was sent there."""
        with rooms().database.unit_of_work() as session:
            endpoints.remove(session, _endpoint(session, id))
            session.commit()


@blueprint.route("/<id>/rotate")
class WebhookRotation(MethodView):
    @blueprint.response(201, NewEndpointShape)
    def post(self, id: str) -> dict[str, Any]:
        """Another secret, shown this once. For 24 hours messages are signed by both."""
        house = rooms()
        with house.database.unit_of_work() as session:
            endpoint = _endpoint(session, id)
            secret = endpoints.rotate(session, house.vault, endpoint, now=house.clock())
            session.commit()
        return _told(endpoint) | {"secret": secret}


@blueprint.route("/<id>/test")
class WebhookTest(MethodView):
    @blueprint.response(202, DeliveryShape)
    def post(self, id: str) -> dict[str, Any]:
        """Have a message of the event `test` sent there."""
        house = rooms()
        with house.database.unit_of_work() as session:
            message = endpoints.send_test(session, _endpoint(session, id), now=house.clock())
            session.commit()
        return _delivery(message)


@blueprint.route("/<id>/deliveries")
class Deliveries(MethodView):
    @blueprint.response(200, DeliveryList)
    def get(self, id: str) -> dict[str, Any]:
        """What was sent there lately, and what is to be: the newest first, at most 100."""
        with rooms().database.reading() as session:
            found = endpoints.deliveries(session, _endpoint(session, id, lock=False))
        return {"deliveries": [_delivery(message) for message in found]}


@blueprint.route("/deliveries/<id>/replay")
class Replay(MethodView):
    @blueprint.response(202, DeliveryShape)
    def post(self, id: str) -> dict[str, Any]:
        """Send it once more, under the same `webhook-id`; out of its order."""
        house = rooms()
        with house.database.unit_of_work() as session:
            partner = own_partner(session)
            message = endpoints.replay(session, partner.id, id_in_address(id), now=house.clock())
            session.commit()
        return _delivery(message)


def _endpoint(session: Session, id: str, *, lock: bool = True) -> WebhookEndpoint:
    return endpoints.endpoint_of(session, own_partner(session).id, id_in_address(id), lock=lock)


def _told(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "active": endpoint.active,
        "disabled_because": endpoint.disabled_because,
        "created_at": endpoint.created_at,
        "previous_until": endpoint.previous_until,
    }


def _delivery(message: OutboxMessage) -> dict[str, Any]:
    return {
        "id": message.id,
        "event": message.event,
        "referral_id": message.referral_id,
        "state": message.state,
        "attempts": message.attempts,
        "created_at": message.created_at,
        "next_at": message.next_at if message.state == "waiting" else None,
        "settled_at": message.settled_at,
        "error": message.error,
    }
