"""A mail over which our own code fails is not lost: it is kept sealed, told, and handled when a better reader asks again."""

from typing import Any

import pytest
from sqlalchemy import select

from engine import incoming_effects, incoming_keeping
from engine.channels.incoming import reading
from storage.database import Database
from storage.kinds import AlertKind, IncomingKind, LeadState, Reason
from storage.tables import Alert, IncomingMail
from storage.vault import Place
from tests.incoming.post import KEYS, VAULT, Post

ACTIVE = (LeadState.ACTIVE, None)


@pytest.fixture
def post(database: Database) -> Post:
    return Post(database)


def fails_over(monkeypatch: pytest.MonkeyPatch, part: str, broken: bytes) -> None:
    """A defect of ours over one mail, in one of the parts that handle it."""
    where: Any = {"parse": incoming_keeping, "classify": reading, "apply": incoming_effects}[part]
    whole = getattr(where, part)

    def defect(*values: Any) -> Any:
        told = whole(*values)
        if broken in values or post_of(told, values) == "broken":
            raise RuntimeError("a defect")
        return told

    monkeypatch.setattr(where, part, defect)


def post_of(told: Any, values: tuple[Any, ...]) -> str:
    return str(getattr(told, "text", "") or next((each.text for each in values if isinstance(each, IncomingMail)), ""))


@pytest.mark.parametrize("part", ["parse", "classify", "apply"])
def test_what_nobody_can_read_is_kept_told_and_read_again(post: Post, monkeypatch: pytest.MonkeyPatch, part: str):
    broken = post.mail("broken", number=1)
    with monkeypatch.context() as defective:
        fails_over(defective, part, broken)
        assert post.comes(broken, post.mail("Yes.")) == 2
        assert (post.state()[0], post.state(1)) == (LeadState.REPLIED, ACTIVE)  # those behind it are read
        kept = post.kept()[0]
        assert (kept.kind, kept.reader, kept.lead_id, kept.text) == (IncomingKind.OTHER, incoming_keeping.UNREAD, None, "")
        assert post.comes(broken) == 0  # the folder is read anew: it is the same mail
        assert up(post) == [AlertKind.WORKER]
        for _ in range(2):  # the same version tries once more, and then leaves it to the next
            again(post, changed=0)
        assert (post.kept()[0].reader, up(post)) == (-reading.VERSION, [AlertKind.WORKER])
    again(post, changed=0)
    monkeypatch.setattr(reading, "VERSION", reading.VERSION + 1)
    again(post, changed=1)
    again(post, changed=0)
    assert post.state(1) == (LeadState.REPLIED, Reason.LEAD_REPLIED)
    kept = post.kept()[0]
    assert (kept.kind, kept.lead_id, kept.text) == (IncomingKind.REPLY, post.leads[1].id, "broken")
    assert kept.raw is not None
    assert "broken" in VAULT.open(kept.raw, Place(kept.workspace_id, "incoming_mail", kept.id, "raw"))
    assert up(post) == []
    assert post.comes(broken) == 0


def test_a_stranger_s_mail_that_nobody_could_read_is_let_go_when_it_is_known_as_one(
    post: Post, monkeypatch: pytest.MonkeyPatch
):
    stranger = post.mail("broken", number=None)
    with monkeypatch.context() as defective:
        fails_over(defective, "parse", stranger)
        post.comes(stranger)
    assert post.kept()[0].raw is not None
    again(post, changed=0)
    (kept,) = post.kept()
    assert (kept.kind, kept.raw, kept.raw_until, kept.sender) == (IncomingKind.OTHER, None, None, "")
    assert up(post) == []


def again(post: Post, changed: int) -> None:
    with post.database.write() as session:
        assert incoming_keeping.reread(session, KEYS, post.now) == changed


def up(post: Post) -> list[AlertKind]:
    with post.database.read() as session:
        return [alert.kind for alert in session.scalars(select(Alert).where(Alert.cleared_at.is_(None)))]
