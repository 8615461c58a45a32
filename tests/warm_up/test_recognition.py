"""Which mails are warm-up's: by signature, by Message-ID, by who wrote it and two words; and nobody else's."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine import warm_up
from engine.warm_up_letters import HEADER, signature
from engine.warm_up_recognition import Expected, is_warm_up, recognised
from engine.warm_up_texts import ADJECTIVES
from storage.database import Database
from storage.tables import Mailbox, WarmUpMessage
from tests.fresh import new_database
from tests.makers import MONDAY
from tests.warm_up.office import office

KEY = b"the pool's own"


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, WarmUpMessage, str]]:
    """A mail that was planned, in its database, and its sender's address."""
    opened = new_database(tmp_path_factory.mktemp("recognition") / "outpost.db")
    with opened.write() as session:
        one = office(session)
        warm_up.start(one.desk(), mailbox_id=one.box.id)
        message = session.scalars(select(WarmUpMessage)).first()
        assert message is not None
        message.arrived_as = "<rewritten@provider.test>"
        address = session.get_one(Mailbox, message.sender_id).address
    yield opened, message, address
    opened.close()


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({"Message-ID": "{id}", HEADER: "{signature}", "From": "a@x.test", "Subject": "x"}, True),
        ({"message-id": "{id}"}, True),  # the header was stripped
        ({"Message-ID": "<rewritten@provider.test>", "From": "{sender}", "Subject": "x"}, True),
        ({"Message-ID": "<another@provider.test>", "From": "Ada <{SENDER}>", "Subject": "Re: about {token}"}, True),
        ({"Message-ID": "<own@thunderbird.test>", "From": "{sender}", "Subject": "AW: {subject}"}, True),  # typed by hand
        ({"Message-ID": "<lead@x.test>", "From": "lead@x.test", "Subject": "Re: {subject}"}, False),
        ({"Message-ID": "<lead@x.test>", "From": "{sender}", "Subject": "Re: your offer"}, False),
        ({"Message-ID": "<forged@x.test>", HEADER: "{signature}", "From": "lead@x.test", "Subject": "Re: hi"}, False),
        ({"Message-ID": "<lead@x.test>", HEADER: "abc", "From": "lead@x.test", "Subject": "Re: hi"}, False),
        ({"From": "lead@x.test", "Subject": ""}, False),
        ({"Message-ID": "", "From": "", "Subject": ""}, False),
        ({}, False),
    ],
)
def test_is_warm_up(sent: tuple[Database, WarmUpMessage, str], headers: dict[str, str], is_ours: bool) -> None:
    database, message, sender = sent
    words = {
        "id": message.message_id,
        "signature": signature(KEY, message.message_id),
        "sender": sender,
        "SENDER": sender.upper(),
        "token": message.token,
        "subject": message.subject,
    }
    given = {name: value.format(**words) for name, value in headers.items()}
    with database.read() as session:
        assert is_warm_up(session, message.recipient_id, given, KEY) is is_ours


def test_another_installation_s_signature_is_a_stranger_s(sent: tuple[Database, WarmUpMessage, str]) -> None:
    database, message, _ = sent
    forged = {"Message-ID": "<new@x.test>", HEADER: signature(b"another key", "<new@x.test>")}
    with database.read() as session:
        assert not is_warm_up(session, message.recipient_id, forged, KEY)
        ours = {"Message-ID": "<new@x.test>", HEADER: signature(KEY, "<new@x.test>")}
        assert is_warm_up(session, message.recipient_id, ours, KEY)


def expected(number: int, **values: Any) -> Expected:
    plain = {"message_id": f"<{number}@pool.test>", "arrived_as": None, "sender": "ada@pool.test", "sent_at": MONDAY}
    more = {"token": f"{ADJECTIVES[number]} Brook", "is_reply": False, "seen_at": None, "read_at": None}
    return Expected(number, **{**plain, **more, **values})


FIRST, SECOND = expected(1), expected(2)  # two of one pair on one day
SIGNED = signature(KEY, FIRST.message_id)
BY_SUBJECT = {"FROM": "Ada <ADA@pool.test>", "MESSAGE-ID": "<rewritten@provider.test>"}


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"MESSAGE-ID": FIRST.message_id, HEADER.upper(): SIGNED}, FIRST),
        ({"MESSAGE-ID": FIRST.message_id}, FIRST),
        ({"MESSAGE-ID": "<rewritten@provider.test>", HEADER.upper(): SIGNED}, FIRST),
        ({**BY_SUBJECT, "SUBJECT": f"Notes on {FIRST.token}"}, FIRST),
        ({**BY_SUBJECT, "SUBJECT": f"Notes on {SECOND.token.replace(' ', '  ')}"}, SECOND),
        ({**BY_SUBJECT, "SUBJECT": f"Notes on {FIRST.token}", "FROM": "eve@evil.test"}, None),
        ({**BY_SUBJECT, "SUBJECT": "Your invoice"}, None),
        ({"MESSAGE-ID": FIRST.message_id, HEADER.upper(): "0" * 40}, None),  # a stranger knew the Message-ID
        ({"MESSAGE-ID": "<e@evil.test>", HEADER.upper(): "0" * 40, "FROM": "eve@evil.test", "SUBJECT": "Hi"}, None),
        ({}, None),
        # RFC 3834: what a machine answered is never answered, whoever's name it bears.
        ({"MESSAGE-ID": FIRST.message_id, HEADER.upper(): SIGNED, "AUTO-SUBMITTED": "auto-replied (vacation)"}, None),
        ({**BY_SUBJECT, "SUBJECT": f"Re: Notes on {FIRST.token}", "AUTO-SUBMITTED": "auto-generated"}, None),
        ({"MESSAGE-ID": FIRST.message_id, "AUTO-SUBMITTED": " No "}, FIRST),
    ],
)
def test_only_an_expected_mail_of_the_pool_is_handled(headers: dict[str, str], found: Expected | None) -> None:
    assert recognised(headers, MONDAY + timedelta(hours=1), [FIRST, SECOND], KEY) == found


@pytest.mark.parametrize(("days", "is_found"), [(-2, False), (0, True), (7, True), (9, False)])
def test_who_is_known_by_sender_and_subject_alone_must_arrive_in_time(days: int, is_found: bool) -> None:
    headers = {**BY_SUBJECT, "SUBJECT": f"Notes on {FIRST.token}"}
    assert (recognised(headers, MONDAY + timedelta(days=days), [FIRST], KEY) == FIRST) is is_found
