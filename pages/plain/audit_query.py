"""The audit log's filter as it stands in a download's address."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from starlette.datastructures import QueryParams

from engine.audits import Wanted


def read(query: QueryParams) -> Mapping[str, Any]:
    zone = query.get("zone", "UTC")
    if zone not in available_timezones():
        raise ValueError("The time zone of this download is not known.")
    return {
        "wanted": Wanted(
            who=query.get("who", ""),
            what=query.get("what", ""),
            text=query.get("text", ""),
            first_day=_day(query.get("first")),
            last_day=_day(query.get("last")),
            zone=zone,
            installation=query.get("installation") == "1",
        )
    }


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
