"""The quota report's filter as it stands in a download's address."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import QueryParams

from engine.installation import current
from engine.quota_filters import Grain, Period, Wanted
from storage.kinds import ActionKind


def read(query: QueryParams) -> Mapping[str, Any]:
    kind, identity = query.get("kind"), query.get("identity")
    return {
        "folder": current().config.columnar_folder,
        "wanted": Wanted(
            Period(query.get("period", Period.THIS_WEEK)),
            Grain(query.get("by", Grain.DAY)),
            ActionKind(kind) if kind else None,
        ),
        "identity_id": int(identity) if identity else None,
    }
