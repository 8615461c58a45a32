"""The way out: looking changes nothing, posting does, for exactly the person whom the signed link names."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine import unsubscribes
from engine.channels.effects import MailAccount, Server
from engine.channels.incoming import wishes
from engine.channels.wire import build
from engine.config import Config
from engine.desk import Problem
from engine.letters import letter_writer
from storage.database import Database
from storage.kinds import LeadState, Reason, Security
from storage.tables import Lead
from tests.incoming.post import Post
from tests.makers import MONDAY

KEY = lambda _session: b"a key of this test"  # noqa: E731
BASE = "https://panel.agency.test"
CONFIG = Config(Path("/d"), "sqlite://", Path("/k"), "127.0.0.1", 8501, BASE, False)


@pytest.fixture
def post(database: Database) -> Post:
    return Post(database)


def token(post: Post, number: int = 0) -> str:
    make = unsubscribes.links(BASE, KEY)
    assert make is not None
    with post.database.read() as session:
        return make(session, session.get_one(Lead, post.leads[number].id)).removeprefix(f"{BASE}/unsubscribe/")


def look(post: Post, link: str) -> unsubscribes.WayOut:
    with post.database.read() as session:
        return unsubscribes.look(session, link, KEY)


def leave(post: Post, link: str) -> unsubscribes.WayOut:
    with post.database.write() as session:
        return unsubscribes.unsubscribe(session, link, KEY, post.now)


def test_looking_changes_nothing_and_shows_half_an_address(post: Post):
    shown = look(post, token(post))
    assert (shown.address[:2], shown.address[-11:], shown.is_out) == ("l…", "@bravo.test", False)
    assert (post.state(), post.suppressed()) == ((LeadState.ACTIVE, None), [])


def test_leaving_ends_the_sequence_and_suppresses_that_one_person(post: Post):
    assert leave(post, token(post)).is_out
    assert post.state() == (LeadState.UNSUBSCRIBED, Reason.LEAD_UNSUBSCRIBED)
    assert (post.suppressed(), post.open_steps()) == ([post.leads[0].email], [])
    assert post.state(1) == (LeadState.ACTIVE, None)
    assert leave(post, token(post)).is_out
    assert post.suppressed() == [post.leads[0].email]
    assert look(post, token(post)).is_out


def test_leaving_after_the_last_step_works_too(database: Database):
    post = Post(database, steps=1)
    leave(post, token(post))
    assert (post.state()[0], post.suppressed()) == (LeadState.UNSUBSCRIBED, [post.leads[0].email])


def test_nobody_can_make_a_link_for_somebody_else(post: Post):
    mine, theirs = token(post), token(post, 1)
    number, _, signed = theirs.partition(".")
    forged = [
        f"{number}.{mine.partition('.')[2]}",
        f"{number}.",
        number,
        "",
        ".",
        f"0.{signed}",
        "zz.x",
        "9" * 40,
        f"-1.{signed}",
    ]
    for link in [*forged, theirs[:-1], theirs + "x", theirs.upper(), "é.é", f"{number}.\x00"]:
        with pytest.raises(Problem, match="not whole"):
            look(post, link)
        with pytest.raises(Problem):
            leave(post, link)
    assert post.suppressed() == []


@pytest.mark.parametrize(
    ("url", "base"),
    [
        (BASE, BASE),
        ("http://panel.agency.test", ""),  # RFC 8058 asks for https
        ("http://127.0.0.1:8501", ""),
        ("https://localhost", ""),
    ],
)
def test_links_lead_only_where_the_outside_can_reach(url: str, base: str):
    assert unsubscribes.base_of(replace(CONFIG, public_url=url)) == base
    assert (unsubscribes.links(base, KEY) is None) == (not base)


def test_every_campaign_mail_carries_both_headers_and_a_line_that_is_seen(post: Post):
    (action,) = post.open_steps()
    with post.database.read() as session:
        letter = letter_writer(KEY, unsubscribes.links(BASE, KEY))(session, session.merge(action, load=False))  # type: ignore[arg-type]
        plain = letter_writer(KEY, None)(session, session.merge(action, load=False))  # type: ignore[arg-type]
    link = f"{BASE}/unsubscribe/{token(post)}"
    here = Server("localhost", 1, Security.SSL)
    raw = build(MailAccount("ada@acme.test", "Ada", "ada", "x", here, here), letter, MONDAY)
    assert f"List-Unsubscribe: <{link}>\r\n".encode() in raw
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw
    assert letter.text.rstrip().endswith(f"just reply “no thanks” or unsubscribe: {link}")
    assert f'<a href="{link}">' in letter.html
    assert (plain.headers, "unsubscribe" in plain.text) == ((), False)
    assert not wishes.wants_out(f"Sounds good!\n{letter.text[-200:]}")  # our own words in an answer are nobody's wish
