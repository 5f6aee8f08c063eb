"""Signing in and out, choosing a password by a one-time link, and one-time codes."""

from __future__ import annotations

from typing import Any

import segno
from flask import Response, after_this_request, request
from flask.views import MethodView
from flask_smorest import Blueprint

from directory.api.partner_shapes import (
    CodeArguments,
    EnrolmentShape,
    PasswordArguments,
    SessionShape,
    SignInArguments,
)
from directory.api.rooms import Rooms, rooms
from directory.errors import InvalidInput, NotFound, NotSignedIn
from directory.identity import (
    DEVICE,
    SESSION,
    asking,
    cookie_name,
    present,
    refuse_other_sites,
    set_cookie,
    token_of_request,
)
from directory.partners import accounts, invitations, lockout, one_time_codes
from directory.partners.models import Account, Partner

blueprint = Blueprint(
    "session",
    __name__,
    url_prefix="/api/v1/session",
    description="Signing in. What the cookie of a sign-in changes must be sent from our own pages "
    "(Sec-Fetch-Site, or Origin).",
)


@blueprint.route("")
class Session(MethodView):
    @blueprint.arguments(SignInArguments, location="json")
    @blueprint.response(200, SessionShape)
    def post(self, values: dict[str, Any]) -> dict[str, Any]:
        """Sign in. The answer sets a cookie that no script can read. Who guesses has to wait, longer and longer."""
        house = rooms()
        refuse_other_sites(house.settings)
        account, token = accounts.sign_in(
            house.database,
            house.vault,
            email=values["email"],
            password=values["password"],
            code=values.get("code"),
            network=request.remote_addr or "",
            cookie=device(house),
            now=house.clock(),
        )
        begin(house, account, token)
        return _told(house, accounts.who(house.database, token, house.clock()))

    @blueprint.response(200, SessionShape)
    def get(self) -> dict[str, Any]:
        """Who is signed in, and until when."""
        return _told(rooms(), present())

    @blueprint.response(204)
    def delete(self) -> None:
        """Sign out."""
        end(rooms())


@blueprint.route("/password")
class Password(MethodView):
    @blueprint.arguments(PasswordArguments, location="json")
    @blueprint.response(204)
    def post(self, values: dict[str, Any]) -> None:
        """Choose a password, by an invitation or a link for a new one. Ends all sign-ins, and signs nobody in."""
        house = rooms()
        refuse_other_sites(house.settings)
        try:
            account = invitations.choose_password(
                house.database, values["token"], values["password"], house.clock()
            )
        except NotFound as error:
            raise InvalidInput.of("token", error.detail) from None
        remember(house, account)


@blueprint.route("/totp")
class OneTimeCodes(MethodView):
    @blueprint.response(200, EnrolmentShape)
    def post(self) -> dict[str, Any]:
        """Start with one-time codes: a secret for your device, shown once. It counts when you confirm it."""
        house = rooms()
        with house.database.unit_of_work() as session:
            enrolment = one_time_codes.start(session, house.vault, asking().id)
            session.commit()
        return {"secret": enrolment.secret, "uri": enrolment.uri, "qr_svg": drawn(enrolment.uri)}

    @blueprint.arguments(CodeArguments, location="json")
    @blueprint.response(204)
    def put(self, values: dict[str, Any]) -> None:
        """Confirm, by a code, that your device has the secret. From now on a sign-in asks for one."""
        house = rooms()
        with house.database.unit_of_work() as session:
            one_time_codes.confirm(session, house.vault, asking().id, values["code"], house.clock())
            session.commit()

    @blueprint.arguments(CodeArguments, location="json")
    @blueprint.response(204)
    def delete(self, values: dict[str, Any]) -> None:
        """Switch one-time codes off, by a last one."""
        house = rooms()
        one_time_codes.remove(house.database, house.vault, asking().id, values["code"], house.clock())


def drawn(uri: str) -> str:
    """A QR code as SVG, dark on light whatever stands around it."""
    return segno.make(uri, error="m", micro=False).svg_inline(scale=4, border=4, light="#fff")


def begin(house: Rooms, account: Account, token: str) -> None:
    """Let the browser hold the sign-in that ``token`` stands for, instead of one that it may have held."""
    _end_held(house)
    _give(house, SESSION, token)
    remember(house, account)


def end(house: Rooms) -> None:
    """End the sign-in that the browser holds, if any."""
    _end_held(house)
    _give(house, SESSION, "", seconds=0)


def device(house: Rooms) -> str:
    """What the browser was given to be known by; see ``lockout``."""
    return request.cookies.get(cookie_name(DEVICE, house.settings), "")


def remember(house: Rooms, account: Account) -> None:
    """Whoever has been here before can't be locked out by guesses made elsewhere."""
    value = lockout.remembered(house.vault, account.email, device(house), house.clock())
    _give(house, DEVICE, value, seconds=int(lockout.DEVICE_KNOWN_FOR.total_seconds()))


def _end_held(house: Rooms) -> None:
    if token := token_of_request(house.settings):
        with house.database.unit_of_work() as session:
            accounts.sign_out(session, token)
            session.commit()


def _give(house: Rooms, name: str, value: str, *, seconds: int | None = None) -> None:
    @after_this_request
    def give(response: Response) -> Response:
        set_cookie(response, name, value, house.settings, seconds=seconds)
        return response


def _told(house: Rooms, found: accounts.Present | None) -> dict[str, Any]:
    if found is None:  # disabled while signing in
        raise NotSignedIn("Sign in.")
    account, partner = found.account, None
    if account.partner_id is not None:
        with house.database.reading() as session:
            partner = session.get(Partner, account.partner_id)
    return {
        "id": account.id,
        "email": account.email,
        "partner": partner,
        "roles": account.roles,
        "totp": account.totp_confirmed,
        "until": found.until,
    }
