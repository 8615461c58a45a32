"""A secret that can't be opened stops its own address or account, and nobody else's."""

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from engine import linkedin_looks, mailbox_probes
from engine.mail_accounts import account_for, password_place
from storage.database import Database
from storage.kinds import ActionKind
from storage.tables import LinkedInAccount, Mailbox
from tests import makers
from tests.dispatch.test_behind_those_who_wait import VAULT, lane_with_work
from tests.makers import MONDAY


def test_the_other_addresses_are_probed(database: Database) -> None:
    with database.write() as session:
        ada = makers.identity(session, makers.workspace(session).id)
        damaged, sound = (makers.mailbox(session, ada, next_probe_at=MONDAY) for _ in range(2))
        damaged.password = b"no such key, no such place: damaged"
        sound.password = VAULT.seal("secret", password_place(sound))
        session.flush()
        claimed = mailbox_probes._claim(session, account_for(VAULT), MONDAY, 20)
        assert [one.mailbox_id for one in claimed] == [sound.id]
        session.expire_all()
        assert session.get_one(Mailbox, damaged.id).next_probe_at == MONDAY + timedelta(minutes=10)


class NothingSeen:
    """A LinkedIn at which nobody has connections or mail; it notes who was looked at."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def connections(self, identity: str, _state: object) -> tuple[()]:
        self.seen.append(identity)
        return ()

    def inbox(self, _identity: str, _state: object) -> tuple[()]:
        return ()


def test_a_damaged_session_is_put_off_and_does_not_come_first_for_ever(database: Database) -> None:
    lane_with_work(database, ActionKind.LINKEDIN_MESSAGE, leads=1)
    with database.write() as session:
        session.execute(update(LinkedInAccount).values(session=b"no such key, no such place", look_at=MONDAY))
    driver: Any = NothingSeen()
    looked = [linkedin_looks.look_due(database, VAULT, driver, lambda: MONDAY) for _ in range(2)]
    assert (looked, driver.seen) == ([0, 0], [])
    with database.read() as session:
        row = session.query(LinkedInAccount).one()
        assert row.look_at == MONDAY + linkedin_looks.EVERY
