"""Signing in by OpenID Connect: to the issuer of the setting OIDC_ISSUER and back (authorization code with PKCE).

Authlib does the protocol (OpenID Connect Core 1.0, RFC 7636); this door says what must hold: the issuer is the one of
the setting, the token is for us, signed by one of its keys, of this sign-in (state, nonce) and of now.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app, redirect, request
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, fields

from directory.api.rooms import rooms
from directory.api.session import begin
from directory.config import Settings
from directory.errors import IssuerUnavailable, NotFound, SignInFailed
from directory.identity import cookie_name
from directory.partners import accounts

if TYPE_CHECKING:
    from authlib.integrations.flask_client import FlaskOAuth2App
    from werkzeug.wrappers import Response as AnyResponse

log = logging.getLogger(__name__)

blueprint = Blueprint(
    "oidc",
    __name__,
    url_prefix="/api/v1/session/oidc",
    description="Signing in by OpenID Connect, where this installation has an issuer for that.",
)
KEY = "veiviser-issuer"
STATE = "veiviser-oidc"  # the cookie that holds state, nonce and verifier on the way there and back, signed
SECONDS = 10  # the longest that the issuer may take to answer
LEEWAY_S = 60  # by which its clock may be off
LONGEST_SUBJECT = 255  # characters; OpenID Connect Core 1.0, 2
AFTERWARDS = "/desk"
# By a private key of the issuer's; not by a secret that we have too.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")

# How our secret is sent: OpenID Connect Core 1.0, 9.
IN_A_HEADER, IN_THE_BODY = "client_secret_basic", "client_secret_post"


class CallbackArguments(Schema):
    class Meta:
        unknown = EXCLUDE  # an issuer may say more

    code = fields.String(metadata={"description": "What the issuer hands out an ID token for."})
    state = fields.String(metadata={"description": "Of the sign-in that was begun."})
    error = fields.String(metadata={"description": "Why the issuer does not vouch for anybody."})


@blueprint.route("")
class Begin(MethodView):
    @blueprint.response(302)
    def get(self) -> AnyResponse:
        """Leads to the issuer, who leads back. 404 where there is none."""
        import requests

        issuer = _issuer()
        try:
            _metadata(issuer)
            return issuer.authorize_redirect(f"{rooms().settings.base_url}{blueprint.url_prefix}/callback")
        except requests.RequestException as error:
            raise _unavailable(error) from None


@blueprint.route("/callback")
class Callback(MethodView):
    @blueprint.arguments(CallbackArguments, location="query")
    @blueprint.response(302)
    def get(self, values: dict[str, Any]) -> AnyResponse:
        """Where the issuer leads back to. Signs in who has an account here; makes none."""
        import requests

        house, issuer = rooms(), _issuer()
        try:
            name, claims = _vouched_for(issuer)
        except requests.RequestException as error:
            raise _unavailable(error) from None
        with house.database.unit_of_work() as session:
            account, token = accounts.sign_in_by_issuer(
                session,
                issuer=name,
                subject=claims["sub"],
                email=claims.get("email"),
                email_verified=claims.get("email_verified") is True,
                now=house.clock(),
            )
            session.commit()
        begin(house, account, token)
        return redirect(AFTERWARDS)


def register(app: Flask, settings: Settings) -> None:
    """Let ``app`` know its issuer, if it has one. Nothing is asked of it yet."""
    app.config.update(
        SESSION_COOKIE_NAME=cookie_name(STATE, settings),
        SESSION_COOKIE_SECURE=settings.environment == "production",
        SESSION_COOKIE_SAMESITE="Lax",
    )
    if settings.oidc_issuer is None:
        return
    from authlib.integrations.flask_client import OAuth

    secret = settings.oidc_client_secret
    app.extensions[KEY] = OAuth(app).register(
        "issuer",
        client_id=settings.oidc_client_id,
        client_secret=secret.get_secret_value() if secret else None,
        server_metadata_url=f"{settings.oidc_issuer}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid email",
            "code_challenge_method": "S256",
            "default_timeout": SECONDS,
        },
    )


def _issuer() -> FlaskOAuth2App:
    issuer: FlaskOAuth2App | None = current_app.extensions.get(KEY)
    if issuer is None:
        raise NotFound()
    return issuer


def _metadata(issuer: FlaskOAuth2App) -> dict[str, Any]:
    """What the issuer says of itself, asked for once. Raises IssuerUnavailable, requests.RequestException."""
    found: dict[str, Any] = issuer.load_server_metadata()
    expected = rooms().settings.oidc_issuer
    if str(found.get("issuer", "")).rstrip("/") != expected:
        issuer.server_metadata.clear()
        log.error("OIDC_ISSUER leads to what says that it is another issuer")
        raise IssuerUnavailable(
            "The OpenID Connect issuer does not answer. Sign in by password, or try again later."
        )
    offered = found.get("id_token_signing_alg_values_supported") or ["RS256"]
    found["id_token_signing_alg_values_supported"] = [name for name in offered if name in ALGORITHMS]
    methods = found.get("token_endpoint_auth_methods_supported") or [IN_A_HEADER]
    if issuer.client_secret and IN_A_HEADER not in methods and IN_THE_BODY in methods:
        issuer.client_kwargs["token_endpoint_auth_method"] = IN_THE_BODY
    return found


def _vouched_for(issuer: FlaskOAuth2App) -> tuple[str, dict[str, Any]]:
    """The issuer's name, and what it says of who has just signed in there, all of it verified.

    Raises SignInFailed, IssuerUnavailable, requests.RequestException.
    """
    from authlib.common.errors import AuthlibBaseError
    from joserfc.errors import JoseError

    metadata = _metadata(issuer)
    name = metadata["issuer"]
    must = {
        "iss": {"essential": True, "value": name},
        "aud": {"essential": True, "value": issuer.client_id},
        "sub": {"essential": True},
    }
    try:
        if request.args.get("iss", name) != name:  # RFC 9207
            raise _failed("another issuer")
        token = issuer.authorize_access_token(claims_options=must, leeway=LEEWAY_S)
        claims = token.get("userinfo")
        if claims is None:
            raise _failed("no ID token")
        if "email" not in claims and "userinfo_endpoint" in metadata:
            told = issuer.userinfo(token=token)
            if told.get("sub") != claims["sub"]:
                raise _failed("userinfo of somebody else")
            claims = {**told, "sub": claims["sub"]}
    except (AuthlibBaseError, JoseError) as error:
        raise _failed(type(error).__name__) from None
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= LONGEST_SUBJECT:
        raise _failed("a subject that is none")
    if not isinstance(claims.get("email"), str | None):
        raise _failed("an address that is none")
    return name, claims


def _failed(reason: str) -> SignInFailed:
    log.warning("a sign-in by the issuer failed", extra={"reason": reason})
    return SignInFailed("The issuer vouches for nobody who may sign in here.")


def _unavailable(error: Exception) -> IssuerUnavailable:
    log.error("the issuer does not answer", extra={"reason": type(error).__name__})
    return IssuerUnavailable(
        "The OpenID Connect issuer does not answer. Sign in by password, or try again later."
    )
