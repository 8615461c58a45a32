"""Alerts: one while its ground lasts, seen by each user alone, of what they may see; and what a lead's timeline tells."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from engine import alerts, mailbox_alerts, mailboxes, timelines
from engine.desk import perform
from storage.database import Database
from storage.kinds import AlertKind, IncomingKind, MailboxState, Role
from storage.tables import Mailbox
from tests import makers
from tests.incoming.post import Post
from tests.makers import MONDAY, OWNER


@pytest.fixture
def post(database: Database) -> Post:
    with database.write() as session:
        makers.user(session, id=OWNER.user_id)
    return Post(database)


@pytest.fixture
def do(post: Post) -> Callable[..., Any]:
    def act(task: Callable[..., Any], actor: Any = OWNER, **values: Any) -> Any:
        return perform(post.database, actor, post.ada.workspace_id, post.now, task, **values)

    return act


def breaks(post: Post, state: MailboxState = MailboxState.RECONNECT_NEEDED) -> None:
    with post.database.write() as session:
        mailbox = session.get_one(Mailbox, post.box.id)
        mailbox.state, mailbox.state_note = state, "The password was refused; reconnect it."
        mailbox_alerts.tell(session, mailbox, post.now)


def test_a_broken_address_is_told_once_and_cleared_when_it_is_well(post: Post, do: Callable[..., Any]):
    breaks(post)
    breaks(post)
    (alert,) = do(alerts.find).rows
    assert (alert.kind, alert.sentence, alert.cleared_at) == (
        AlertKind.CONNECTION,
        "The password was refused; reconnect it.",
        None,
    )
    breaks(post, MailboxState.DEGRADED)  # may be well again soon: it stays up
    assert do(alerts.find, up_only=True).total == 1
    breaks(post, MailboxState.OK)
    assert do(alerts.find, up_only=True).total == 0
    breaks(post)
    assert [bool(one.cleared_at) for one in do(alerts.find).rows] == [False, True]
    do(mailboxes.disconnect, mailbox_id=post.box.id)
    assert do(alerts.find, up_only=True).total == 0  # whoever disconnects it knows


def test_each_user_sees_for_themselves(post: Post, do: Callable[..., Any]):
    with post.database.write() as session:
        grace = makers.member(session, post.ada.workspace_id, Role.OPS)
    breaks(post)
    assert (do(alerts.count_new), do(alerts.count_new, grace)) == (1, 1)
    do(alerts.see, grace)
    assert (do(alerts.count_new), do(alerts.count_new, grace)) == (1, 0)
    assert [one.is_new for one in do(alerts.find, grace).rows] == [False]
    post.now += timedelta(hours=1)
    breaks(post, MailboxState.OK)
    breaks(post)
    assert do(alerts.count_new, grace) == 1


def test_nobody_is_told_of_what_they_may_not_see(post: Post, do: Callable[..., Any]):
    with post.database.write() as session:
        other = makers.identity(session, post.ada.workspace_id)
        grace = makers.member(session, post.ada.workspace_id, Role.MANAGER, [other.id])
        alerts.raise_alert(
            session, AlertKind.WORKER, "Worker", "It stands still.", post.ada.workspace_id, None, MONDAY, "worker"
        )
    breaks(post)
    assert [one.kind for one in do(alerts.find, grace).rows] == [AlertKind.WORKER]
    assert (do(alerts.count_new, grace), do(alerts.count_new)) == (1, 2)


def test_a_lead_s_timeline_tells_what_came_in(post: Post, do: Callable[..., Any]):
    away = {"Auto_Submitted": "auto-replied"}
    post.comes(post.mail("I am back on 7 December 2026.", subject="Automatic reply", **away))
    post.comes(post.mail("Let's talk <b>now</b>.\n\n> quoted"))
    told = [moment for moment in do(timelines.of_lead, lead_id=post.leads[0].id) if moment.came_in]
    assert [(moment.words, moment.came_in) for moment in told] == [
        ("Out of office, back on 7 December 2026", IncomingKind.AUTO_REPLY),
        ("Replied", IncomingKind.REPLY),
    ]
    assert (told[1].text, told[1].actor) == ("Let's talk <b>now</b>.", post.leads[0].email)
    assert "out of the office" in told[0].reason
