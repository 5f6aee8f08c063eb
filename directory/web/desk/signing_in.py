"""Signing in and out, choosing a password by a one-time link, and the language of the pages."""

from __future__ import annotations

import math

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from directory.api.rooms import rooms, who_asks
from directory.api.session import begin, device, end, remember
from directory.errors import InvalidInput, NotFound, SignInFailed, TooManyAttempts
from directory.identity import refuse_other_sites, set_cookie, token_of_request
from directory.partners import accounts, invitations, passwords
from directory.web.desk.frame import DESK, own_path
from directory.web.wording import LANGUAGE, interface_languages, ngettext
from directory.web.wording import gettext as _

blueprint = Blueprint("desk_signing_in", __name__, url_prefix=DESK)

PATH = f"{DESK}/sign-in"
LONGEST = 1024  # characters of anything typed here that are looked at
A_YEAR = 365 * 24 * 3600  # seconds


@blueprint.get("/sign-in")
def sign_in() -> str | AnyResponse:
    """The form. Whoever is signed in already is led on."""
    known = who_asks()
    if known is not None and not known.is_key:
        return redirect(own_path(request.args.get("next")), 303)
    done = {
        "signed-out": _("You are signed out."),
        "chosen": _("Your password is chosen. Sign in by it."),
    }.get(request.args.get("done", ""), "")
    return _form(done=done, has_ended=not done and bool(token_of_request(rooms().settings)))


@blueprint.post("/sign-in")
def signing_in() -> tuple[str, int, dict[str, str]] | AnyResponse:
    """Whatever is wrong is told alike, so that nobody learns who has an account here."""
    house = rooms()
    refuse_other_sites(house.settings)
    said = {name: request.form.get(name, "")[:LONGEST] for name in ("email", "password", "code")}
    errors: dict[str, list[str]] = {}
    if not said["email"].strip():
        errors["email"] = [_("Write your e-mail address.")]
    if not said["password"]:
        errors["password"] = [_("Write your password.")]
    if errors:
        return _form(errors), 422, {}
    try:
        account, token = accounts.sign_in(
            house.database,
            house.vault,
            email=said["email"],
            password=said["password"],
            code=said["code"] or None,
            network=request.remote_addr or "",
            cookie=device(house),
            now=house.clock(),
        )
    except SignInFailed:
        wrong = _("You could not be signed in. Look at the address, the password and the one-time code.")
        return _form({"email": [wrong]}), 401, {}
    except TooManyAttempts as error:
        minutes = math.ceil(error.wait / 60)
        wait = ngettext(
            "There were too many wrong attempts. Wait a minute, then try again.",
            "There were too many wrong attempts. Wait %(minutes)s minutes, then try again.",
            minutes,
        )
        return _form({"email": [wait % {"minutes": minutes}]}), 429, {"Retry-After": str(error.wait)}
    begin(house, account, token)
    return redirect(own_path(request.form.get("next")), 303)


@blueprint.post("/sign-out")
def sign_out() -> AnyResponse:
    """Also for whom time has signed out already: the browser then holds nothing of it any more."""
    house = rooms()
    refuse_other_sites(house.settings)
    end(house)
    return redirect(f"{PATH}?done=signed-out", 303)


@blueprint.get("/invitation", endpoint="invitation")
@blueprint.get("/reset", endpoint="reset")
def one_time_link() -> str:
    """Where an invitation, or a link for a new password, leads. What it is known by stands behind the #."""
    return _choosing({})


@blueprint.post("/invitation", endpoint="invited")
@blueprint.post("/reset", endpoint="resetting")
def choose_password() -> tuple[str, int] | AnyResponse:
    """Signs nobody in: who has chosen a password shows that by using it."""
    house = rooms()
    refuse_other_sites(house.settings)
    token = request.form.get("token", "")[:LONGEST].strip().rpartition("#")[2]
    password, again = (request.form.get(name, "")[:LONGEST] for name in ("password", "again"))
    errors = {}
    if not token:
        errors["token"] = [_("Paste the whole link that you were given.")]
    if password != again:
        errors["again"] = [_("Write the same password both times.")]
    try:
        if not errors:
            remember(house, invitations.choose_password(house.database, token, password, house.clock()))
    except NotFound:
        errors["token"] = [
            _(
                "This link was used already, is too old, or was not copied whole. Ask your coordinator for a new one."
            )
        ]
    except InvalidInput:
        errors["password"] = [
            _(
                "Choose %(shortest)s to %(longest)s characters, and nothing that others try first: no common "
                "password, row of keys, or your own address."
            )
            % {"shortest": passwords.SHORTEST, "longest": passwords.LONGEST}
        ]
    if errors:
        return _choosing(errors, token=token), 422
    return redirect(f"{PATH}?done=chosen", 303)


@blueprint.post("/language")
def choose_language() -> AnyResponse:
    """The language of the pages, kept by the browser for a year."""
    house = rooms()
    refuse_other_sites(house.settings)
    chosen = request.form.get("language")
    response = redirect(own_path(request.form.get("next")), 303)
    if chosen in interface_languages():
        set_cookie(response, LANGUAGE, chosen, house.settings, seconds=A_YEAR)  # type: ignore[arg-type]
    return response


def nothing_saved(back: str, written: list[str]) -> Response:
    """The form, for whom time has signed out while there was something to save."""
    page = _form(has_ended=True, lost=True, back=back, written=written)
    return Response(page, 401, mimetype="text/html")


def _form(
    errors: dict[str, list[str]] | None = None,
    *,
    done: str = "",
    has_ended: bool = False,
    lost: bool = False,
    back: str | None = None,
    written: list[str] | None = None,
) -> str:
    return render_template(
        "desk/sign_in.html",
        errors=errors or {},
        email=request.form.get("email", "")[:LONGEST] if errors else "",
        next=own_path(back or request.values.get("next")),
        by_issuer=rooms().settings.oidc_issuer is not None,
        done=done,
        has_ended=has_ended,
        lost=lost,
        written=written or [],
        idle=int(accounts.IDLE.total_seconds() // 60),
        absolute=int(accounts.ABSOLUTE.total_seconds() // 3600),
    )


def _choosing(errors: dict[str, list[str]], token: str | None = None) -> str:
    return render_template(
        "desk/choose_password.html",
        errors=errors,
        token=token or "",
        is_new=request.path.endswith("/invitation"),
        shortest=passwords.SHORTEST,
    )
