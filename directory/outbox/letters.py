"""The words of our mail. They tell that something waits, and nothing of what it is about."""

from __future__ import annotations

from collections.abc import Mapping

from directory.outbox.events import EVENTS

_SORTS = {
    "referral.requested": "new",
    "referral.message": "message",
    "reminder.answer-soon": "answer",
    "reminder.answer-due": "answer",
    "reminder.unanswered": "unanswered",
    "reminder.revisit": "again",
    "reminder.follow-up": "again",
    "reminder.silent": "silent",
}
# Event -> what is said of it; see LETTERS.
SORT_OF: Mapping[str, str] = {event: _SORTS.get(event, "changed") for event in EVENTS}

# BCP 47 code -> the words.
LETTERS: Mapping[str, Mapping[str, str]] = {
    "nb": {
        "subject": "Noe venter på deg",
        "new": "Det har kommet noe nytt til dere.",
        "changed": "Det har skjedd noe i noe du har med å gjøre.",
        "message": "Noen har skrevet til dere.",
        "answer": "Noe venter på svar fra dere.",
        "unanswered": "Noe du har sendt, har ikke fått svar i tide.",
        "again": "Det er tid for å se på noe igjen.",
        "silent": "Det er lenge siden det skjedde noe i noe du har med å gjøre.",
        "read": "Logg inn for å lese det:",
        "acknowledge": "Med denne lenken kan du si at dere har fått det, uten å logge inn. Den kan ikke noe annet, "
        "og virker én gang:",
        "automatic": "Denne e-posten er sendt automatisk. Slik e-post kan du slå av på siden om kontoen din.",
    },
    "nn": {
        "subject": "Noko ventar på deg",
        "new": "Det har kome noko nytt til dykk.",
        "changed": "Det har skjedd noko i noko du har med å gjere.",
        "message": "Nokon har skrive til dykk.",
        "answer": "Noko ventar på svar frå dykk.",
        "unanswered": "Noko du har sendt, har ikkje fått svar i tide.",
        "again": "Det er tid for å sjå på noko igjen.",
        "silent": "Det er lenge sidan det skjedde noko i noko du har med å gjere.",
        "read": "Logg inn for å lese det:",
        "acknowledge": "Med denne lenkja kan du seie at de har fått det, utan å logge inn. Ho kan ikkje noko anna, "
        "og verkar éin gong:",
        "automatic": "Denne e-posten er send automatisk. Slik e-post kan du slå av på sida om kontoen din.",
    },
    "en": {
        "subject": "Something is waiting for you",
        "new": "Something new has come to you.",
        "changed": "Something has happened in a matter of yours.",
        "message": "Somebody has written to you.",
        "answer": "Something is waiting for an answer from you.",
        "unanswered": "Something that you sent has had no answer in time.",
        "again": "It is time to look at something again.",
        "silent": "Nothing has happened for a long time in a matter of yours.",
        "read": "Sign in to read it:",
        "acknowledge": "By this link you can say that you have it, without signing in. It can do nothing else, and "
        "works once:",
        "automatic": "This mail was sent automatically. You can switch off such mail on the page of your account.",
    },
}
