"""What the report tests may ask for: a workspace with identities and lanes, and a folder for the columnar copy."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from storage.database import Database
from storage.tables import Identity, Lane
from tests import makers


@dataclass(frozen=True, slots=True)
class Field:
    database: Database
    folder: Path
    workspace_id: int
    other_workspace_id: int
    lanes: list[Lane]  # Madrid, New York, Kathmandu
    others: list[Lane]


@pytest.fixture
def field(database: Database, tmp_path: Path) -> Field:
    """Two workspaces; three identities in three zones, each with one address (limit 50), and one of the other client."""
    with database.write() as session:
        makers.installation(session)
        own, other = makers.workspace(session), makers.workspace(session)
        zones = ("Europe/Madrid", "America/New_York", "Asia/Kathmandu")
        ours = [makers.identity(session, own.id, zone=zone) for zone in zones]
        theirs = [makers.identity(session, other.id)]
        for identity in [*ours, *theirs]:
            makers.mailbox(session, identity)
        lanes = list(session.scalars(select(Lane).order_by(Lane.id)))
    return Field(database, tmp_path / "reports", own.id, other.id, lanes[:3], lanes[3:])


def identity_of(field: Field, number: int) -> Identity:
    with field.database.read() as session:
        return session.get_one(Identity, field.lanes[number].identity_id)
