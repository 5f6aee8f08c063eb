"""The code lists of the catalogue. Each value stands in the documented lists and may be met in the wild: add,
never rename.
"""

from __future__ import annotations

# Whom a service is for, where it is for some and not for others. Several are alternatives.
AUDIENCES = (
    "children",
    "youth",
    "students",
    "relatives",
    "professionals",
    "lgbt",
    "msm",
    "trans",
    "migrants",
    "undocumented",
    "sex-workers",
    "people-who-use-drugs",
    "people-living-with-hiv",
    "prisoners",
)

# HL7 administrative-gender, without "unknown": nothing said is None.
GENDERS = ("female", "male", "other")

CAPACITIES = ("capacity", "waitlist", "no-capacity")

# active; uncertain: it may have ended; unverified: only hearsay; the last two as HSDS has them.
STATUSES = ("active", "uncertain", "unverified", "temporarily closed", "inactive")

# What the public is told of; a service of another status is kept, and not shown.
SHOWN_STATUSES = ("active", "uncertain", "unverified", "temporarily closed")

# wiki.openstreetmap.org/wiki/Key:wheelchair and its neighbours.
ACCESSIBILITY = (
    "wheelchair",
    "wheelchair-limited",
    "wheelchair-no",
    "lift",
    "toilet-wheelchair",
    "induction-loop",
    "tactile-paving",
    "parking-disabled",
)

# An interpreter whose languages are not listed: ISO 639-2 "multiple languages".
ANY_LANGUAGE = "mul"
