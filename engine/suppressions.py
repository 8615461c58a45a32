"""Who of some leads is on the workspace's suppression list: by address, by domain or a domain above it, by profile."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from storage.kinds import SuppressionKind
from storage.ledger import connection_of
from storage.prepared import Prepared
from storage.tables import Lead, Suppression

Key = tuple[int, SuppressionKind, str]
T = TypeVar("T")
_CHUNK = 500  # well under SQLite's and PostgreSQL's limits on bound values


def suppressed_leads(session: Session, lead_ids: Sequence[int]) -> set[int]:
    """The ids of those leads that must not be written to."""
    found: set[int] = set()
    for chunk in chunks(lead_ids, _CHUNK):
        rows = session.execute(
            select(Lead.id, Lead.workspace_id, Lead.email, Lead.linkedin_url).where(Lead.id.in_(chunk))
        ).all()
        listed = listed_keys(session, {key for row in rows for key in keys(row[1], row[2], row[3])})
        found.update(row[0] for row in rows if not listed.isdisjoint(keys(row[1], row[2], row[3])))
    return found


def is_suppressed(session: Session, workspace_id: int, email: str, linkedin_url: str) -> bool:
    """Whether one person of a workspace must not be written to."""
    return bool(listed_keys(session, set(keys(workspace_id, email, linkedin_url))))


def listed_keys(session: Session, wanted: Iterable[Key]) -> set[Key]:
    """Those of the keys that are on a suppression list."""
    found: set[Key] = set()
    for chunk in chunks(sorted(wanted), _CHUNK):
        workspaces, kinds, values = (list(set(part)) for part in zip(*chunk, strict=True))
        asked = {"workspaces": workspaces, "kinds": kinds, "values": values}
        found.update((row[0], row[1], row[2]) for row in _LISTED.rows(connection_of(session), asked))
    return found


# With the kind in it, the list's unique index answers by itself, however long the list is.
_LISTED = Prepared(
    select(Suppression.workspace_id, Suppression.kind, Suppression.value).where(
        Suppression.workspace_id.in_(bindparam("workspaces", expanding=True)),
        Suppression.kind.in_(bindparam("kinds", expanding=True)),
        Suppression.value.in_(bindparam("values", expanding=True)),
    ),
    "workspaces",
    "kinds",
    "values",
)


def keys(workspace_id: int, email: str, linkedin_url: str) -> Iterator[Key]:
    """Every entry of the list that would catch this person."""
    if email:
        yield workspace_id, SuppressionKind.ADDRESS, email.lower()
        labels = email.lower().rpartition("@")[2].split(".")
        for start in range(len(labels) - 1):
            yield workspace_id, SuppressionKind.DOMAIN, ".".join(labels[start:])
    if linkedin_url:
        yield workspace_id, SuppressionKind.LINKEDIN_URL, linkedin_url


def chunks(values: Iterable[T], size: int) -> Iterator[list[T]]:
    source = iter(values)
    while chunk := list(islice(source, size)):
        yield chunk
