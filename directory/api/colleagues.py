"""What those who refer and answer are told of services beside what anybody is: how each answers referrals."""

from __future__ import annotations

import logging
from collections.abc import Collection
from uuid import UUID

from flask import request
from sqlalchemy.exc import SQLAlchemyError

from directory.api.rooms import Rooms, who_asks
from directory.errors import FromAnotherSite
from directory.identity import from_our_pages
from directory.partners.access import READ_REFERRALS, Scope
from directory.referrals import figures
from directory.search.regarding import Regards

log = logging.getLogger(__name__)


def regards_of_request(house: Rooms, service_ids: Collection[UUID] | None = None) -> Regards | None:
    """Of these services, or of all, for a counsellor, a coordinator, or a key that reads referrals; None for anybody
    else, and for every page of another site, whoever is signed in behind it.
    """
    says = "Sec-Fetch-Site" in request.headers or "Origin" in request.headers
    if says and not from_our_pages(request, house.settings):
        return None
    try:
        identity = who_asks()
        if identity is None or not identity.may(READ_REFERRALS, Scope.REFERRALS_READ):
            return None
        with house.database.reading() as session:
            return figures.regards(session, service_ids)
    except FromAnotherSite:  # what sends a cookie and does not say where from
        return None
    except SQLAlchemyError as error:  # a search needs no database, whoever asks
        log.warning("the figures of services can't be read: %s", type(error).__name__)
        return None
