"""What a mail server may say to whoever reads its post: nothing is lost, it is asked again later, and its words are kept."""

from datetime import timedelta

import pytest

from engine import incoming
from engine.channels.effects import MailAccount, Server
from engine.connections.network import NetworkGuard
from engine.incoming import Reader
from storage.database import Database
from storage.kinds import Security
from storage.tables import FolderCursor, MailReading
from tests.bed.scripted import DROP, Authority, Script, scripted_imap
from tests.incoming.post import KEYS, Post

LOOPBACK = NetworkGuard.allowing(["127.0.0.0/8", "::1"])


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("reading-authority"))


@pytest.mark.parametrize(
    ("step", "answer", "words"),
    [
        ("login", "TAG NO [LIMIT] Maximum number of connections exceeded", "Maximum number of connections"),
        ("login", "TAG NO [UNAVAILABLE] Temporary authentication failure", "Temporary authentication failure"),
        ("login", "TAG NO [INUSE] The mailbox is locked", "locked"),
        ("login", "TAG NO [AUTHENTICATIONFAILED] Invalid credentials", "Invalid credentials"),
        ("login", "* BYE Too many simultaneous connections", ""),
        ("greeting", "* BYE Server shutting down", ""),
        ("login", DROP, ""),
    ],
)
def test_a_refusal_is_kept_and_the_post_is_asked_for_again(
    database: Database, authority: Authority, step: str, answer: str, words: str
) -> None:
    post, script = Post(database), Script({step: answer}, authority.good(), implicit_tls=True)
    with scripted_imap(script) as port:
        server = Server("localhost", port, Security.SSL)
        account = MailAccount(post.box.address, "Ada", post.box.address, "open sesame", server, server)
        reader = Reader(lambda *_: account, incoming.opener(LOOPBACK, authority.file), KEYS)
        for failures in (1, 2):
            assert incoming.read_one(database, post.box.id, reader, post.now) == 0
            with database.read() as session:
                row = session.get_one(MailReading, post.box.id)
                assert (row.failures, row.next_at) == (failures, post.now + failures * timedelta(minutes=5))
                assert (row.last_at, session.get(FolderCursor, (post.box.id, "INBOX"))) == (None, None)
                assert words in row.note
                assert row.note
                assert "open sesame" not in row.note
