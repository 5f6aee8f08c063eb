"""The way past Flask for what nearly all requests are: a search that is plainly right.

It saves some 200 µs of each (docs/decisions/a-search-passes-flask-by.md). All that is around an
answer stands before both ways: headers, limits, log and metrics. Whatever is not plain goes to Flask, which then is the
only one that says what is wrong, and a test holds the two ways to the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Any

from directory.api.arguments import SearchArguments
from directory.api.plain import NotPlain, Plain
from directory.api.rooms import Rooms
from directory.api.search import PATH, answered
from directory.identity import SESSION
from directory.observability import ROUTE
from directory.security import HOLDS_KEY, WAIT

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

JSON = ("application/json", "application/json; charset=utf-8")
# Of other names werkzeug has its own opinion.
_HOST = re.compile(r"([a-z0-9-]{1,63}\.){0,9}[a-z0-9-]{1,63}(:[0-9]{1,5})?", re.ASCII | re.IGNORECASE)
# With one of these, Flask or werkzeug takes the request for something else, or its body for another one; or somebody
# asks whom it has to know.
_NOT_HERE = frozenset(
    {"HTTP_UPGRADE", "HTTP_TRANSFER_ENCODING", "HTTP_EXPECT", "HTTP_AUTHORIZATION", WAIT, HOLDS_KEY}
)
_PERHAPS_NOT_HERE = _NOT_HERE | {"HTTP_COOKIE"}


def before(application: WSGIApplication, house: Callable[[], Rooms], largest_body: int) -> WSGIApplication:
    """``application``, but for searches that are plainly right; those it would answer the same. ``house``: that of
    the application at the moment. Bodies of more bytes than ``largest_body`` are not read here."""
    plain = Plain(SearchArguments())

    def values_of(environ: WSGIEnvironment) -> dict[str, Any]:
        """Raises NotPlain. A body that was read can be read again."""
        if environ["REQUEST_METHOD"] == "GET":
            return plain.query(environ.get("QUERY_STRING", ""))
        length = environ.get("CONTENT_LENGTH", "")
        if environ["REQUEST_METHOD"] != "POST" or environ.get("CONTENT_TYPE", "").lower() not in JSON:
            raise NotPlain
        if not (length.isascii() and length.isdigit()) or not 0 < int(length) <= largest_body:
            raise NotPlain
        body = environ["wsgi.input"].read(int(length))
        environ["wsgi.input"] = BytesIO(body)
        if len(body) != int(length):
            raise NotPlain
        return plain.body(body)

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if (
            environ["PATH_INFO"] != PATH
            or (not _PERHAPS_NOT_HERE.isdisjoint(environ) and _concerns_flask(environ))
            or not _HOST.fullmatch(environ.get("HTTP_HOST", "-"))
        ):
            return application(environ, start_response)
        try:
            body, headers = answered(house(), values_of(environ), environ.get("HTTP_ACCEPT_LANGUAGE"))
        except Exception:  # whatever it is: Flask comes upon it too, and tells about it
            return application(environ, start_response)
        environ[ROUTE] = PATH
        start_response("200 OK", headers)
        return (body,)

    return answer


def _concerns_flask(environ: WSGIEnvironment) -> bool:
    return any(environ.get(name) for name in _NOT_HERE) or SESSION in environ.get("HTTP_COOKIE", "")
