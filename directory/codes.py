"""What an answer can say is wrong: the documented list of codes (docs/problems.md), each with its status and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """``meaning`` tells what happened and what to do; it is the ``detail`` where nothing is more exact."""

    code: str
    status: int
    title: str
    meaning: str


PROBLEMS: Mapping[str, Problem] = {
    problem.code: problem
    for problem in (
        Problem(
            "malformed-request",
            400,
            "The request cannot be read",
            "The body is not the JSON that its Content-Type promises.",
        ),
        Problem(
            "key-in-address",
            400,
            "A key in the address",
            "A key never stands in an address, where logs keep it. "
            "Make a new one, and send it as Authorization: Bearer.",
        ),
        Problem(
            "idempotency-key-missing",
            400,
            "No Idempotency-Key",
            "This request takes a header Idempotency-Key (1 to 255 visible characters), new for each thing to be done.",
        ),
        Problem(
            "not-signed-in",
            401,
            "Not signed in",
            "Sign in, or send a valid key as Authorization: Bearer.",
        ),
        Problem(
            "sign-in-failed",
            401,
            "Sign-in failed",
            "Address, password or code is wrong, or the account takes no sign-in.",
        ),
        Problem("not-allowed", 403, "Not allowed", "Your role or key does not allow this."),
        Problem(
            "from-another-site",
            403,
            "Sent from another site",
            "What a signed-in person changes must be sent from our own pages.",
        ),
        Problem("not-found", 404, "Not found", "There is nothing at this address."),
        Problem(
            "method-not-allowed",
            405,
            "Method not allowed",
            "This address does not take this method; the Allow header names those that it takes.",
        ),
        Problem(
            "illegal-step",
            409,
            "Not a legal step",
            "The referral cannot take this step now; errors.to names those that it can.",
        ),
        Problem(
            "conflict",
            409,
            "In conflict",
            "It is not in the state for that, or there is one like it already.",
        ),
        Problem(
            "still-running",
            409,
            "Still running",
            "The first request with this Idempotency-Key is still being answered. Try again after the time in "
            "Retry-After (seconds).",
        ),
        Problem(
            "stale-version",
            412,
            "Changed in the meantime",
            "Someone else has changed this since it was read. Read it again, then change it.",
        ),
        Problem("too-large", 413, "Too large", "The body is larger than this address takes."),
        Problem(
            "unsupported-media-type", 415, "Unsupported media type", "The body must be application/json."
        ),
        Problem(
            "invalid-input",
            422,
            "Fields are not valid",
            "The request has fields that are not valid; each is named under errors with what it takes.",
        ),
        Problem(
            "idempotency-key-reused",
            422,
            "Idempotency-Key used before",
            "This Idempotency-Key came with another request before. Take a new one for each thing to be done.",
        ),
        Problem(
            "version-not-named",
            428,
            "Which version is changed?",
            "Send the ETag that was read as If-Match, so that nothing is changed that you have not seen.",
        ),
        Problem(
            "too-many-attempts",
            429,
            "Too many attempts",
            "Too many wrong attempts. Try again after the time in Retry-After (seconds).",
        ),
        Problem(
            "too-many-requests",
            429,
            "Too many requests",
            "Too many requests came from one address. Try again after the time in Retry-After (seconds).",
        ),
        Problem(
            "request-refused",
            400,
            "The request is refused",
            "The server does not answer a request like this.",
        ),
        Problem(
            "internal-error", 500, "Something went wrong here", "This is our mistake. It has been noted."
        ),
        Problem(
            "tiles-unavailable",
            502,
            "The map cannot be fetched",
            "Who the tiles of the map are from does not answer, or not with a picture. Try again in a minute.",
        ),
        Problem(
            "index-unavailable",
            503,
            "The search is being prepared",
            "The search index is being built. Try again after the time in Retry-After (seconds).",
        ),
        Problem(
            "issuer-unavailable",
            503,
            "Signing in elsewhere is not possible now",
            "The OpenID Connect issuer does not answer. Sign in by password, or try again later.",
        ),
    )
}
# What an exception of the framework's is, which has a status and no code of ours.
BY_STATUS = {
    PROBLEMS[code].status: PROBLEMS[code]
    for code in (
        "malformed-request",
        "not-found",
        "method-not-allowed",
        "stale-version",
        "too-large",
        "unsupported-media-type",
        "invalid-input",
        "version-not-named",
        "too-many-requests",
        "internal-error",
        "index-unavailable",
    )
}
