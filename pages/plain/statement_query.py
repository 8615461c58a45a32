"""The month of a client statement as it stands in a download's address: `month=2026-11`."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import QueryParams


def read(query: QueryParams) -> Mapping[str, Any]:
    year, _, month = query.get("month", "").partition("-")
    return {"year": int(year), "month": int(month)}
