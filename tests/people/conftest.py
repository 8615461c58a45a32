"""A workspace with its owner, an admin and a manager, whose passwords are known."""

from dataclasses import dataclass

import pytest

from engine.desk import Actor
from engine.sessions import Browser
from storage.database import Database
from storage.kinds import Role
from storage.tables import User
from storage.vault import Vault, new_key
from tests import makers
from tests.cheap_passwords import cheap_passwords, cheaply_hashed  # noqa: F401 - a fixture for all tests of this folder

PASSWORD = "nineteen violet otters hum"
HASH = cheaply_hashed(PASSWORD)
HERE = Browser("192.0.2.7", "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0")


@dataclass(frozen=True)
class Office:
    database: Database
    vault: Vault
    workspace_id: int
    owner: Actor
    admin: Actor
    manager: Actor


@pytest.fixture
def office(database: Database) -> Office:
    with database.write() as session:
        makers.installation(session)
        owner = makers.user(session, is_owner=True, email="olga@agency.test", name="Olga", password_hash=HASH)
        client = makers.workspace(session)
        admin, manager = (makers.member(session, client.id, role) for role in (Role.ADMIN, Role.MANAGER))
        for actor in (admin, manager):
            session.get_one(User, actor.user_id).password_hash = HASH
    return Office(database, Vault({1: new_key()}), client.id, Actor(owner.id, owner.email, is_owner=True), admin, manager)
