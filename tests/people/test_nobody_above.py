"""Nobody changes a user who may more than they may themselves; who leaves takes the links they made along."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine import people, share_links
from engine.desk import Actor, Desk, Problem
from storage.kinds import Role
from storage.tables import Audit, Membership, MembershipIdentity, User
from tests import makers
from tests.makers import LONG_AGO, MONDAY
from tests.people.conftest import Office

CHANGES: dict[str, Callable[[Desk, int, int], None]] = {
    "demote": lambda desk, user_id, _seen: people.change_role(desk, user_id=user_id, role=Role.OPS),
    "narrow": lambda desk, user_id, seen: people.change_access(desk, user_id=user_id, identity_ids=[seen]),
    "remove": lambda desk, user_id, _seen: people.remove(desk, user_id=user_id),
}
MAY_CHANGE = {
    "owner": {"owner", "admin of all", "manager of all", "manager of one"},
    "admin of all": {"admin of all", "manager of all", "manager of one"},
    "admin of one": {"manager of one"},
}


def people_of(office: Office) -> tuple[dict[str, Actor], dict[str, Actor], int]:
    """Who acts, who is acted on, and the one identity that those of one may see."""
    with office.database.write() as session:
        seen = makers.identity(session, office.workspace_id).id
        here = {"workspace_id": office.workspace_id, "role": Role.ADMIN, "created_at": LONG_AGO}
        session.add(Membership(user_id=office.owner.user_id or 0, **here))
        narrow, wide = (makers.member(session, office.workspace_id, Role.ADMIN, ids) for ids in ([seen], None))
        one = makers.member(session, office.workspace_id, Role.MANAGER, [seen])
    actors = {"owner": office.owner, "admin of all": office.admin, "admin of one": narrow}
    others = {"owner": office.owner, "admin of all": wide, "manager of all": office.manager, "manager of one": one}
    return actors, others, seen


def standing(office: Office, user_id: int) -> Any:
    with office.database.read() as session:
        member = session.get(Membership, (user_id, office.workspace_id))
        named = session.scalars(select(MembershipIdentity.identity_id).where(MembershipIdentity.user_id == user_id)).all()
        return member and (member.role, member.all_identities, named)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("who", MAY_CHANGE)
def test_nobody_changes_a_user_who_may_more(office: Office, change: str, who: str) -> None:
    actors, others, seen = people_of(office)
    for name, other in others.items():
        user_id = other.user_id or 0
        before = standing(office, user_id)
        may = name in MAY_CHANGE[who]
        refused = pytest.raises(Problem, match=r"only another owner|ask somebody who has access to all")
        with nullcontext() if may else refused, office.database.write() as session:
            CHANGES[change](makers.desk(session, office.workspace_id, actors[who]), user_id, seen)
        assert may or standing(office, user_id) == before


LEAVING: dict[str, Callable[[Desk, int], object]] = {
    "disable": lambda desk, user_id: people.disable(desk, user_id=user_id),
    "remove": lambda desk, user_id: people.remove(desk, user_id=user_id),
    "demote": lambda desk, user_id: people.change_role(desk, user_id=user_id, role=Role.OPS),
}


@pytest.mark.parametrize("leave", LEAVING)
def test_the_share_links_of_who_leaves_open_nothing_and_the_log_says_so(office: Office, leave: str) -> None:
    user_id = office.manager.user_id or 0
    with office.database.write() as session:
        ada, grace, elsewhere = (
            makers.identity(session, home)
            for home in (office.workspace_id, office.workspace_id, makers.workspace(session).id)
        )
        hers = makers.desk(session, office.workspace_id, office.manager)
        tokens = {ada.id: share_links.make(hers, identity_id=ada.id)}
        tokens[grace.id] = share_links.make(makers.desk(session, office.workspace_id, office.admin), identity_id=grace.id)
        session.add(Membership(user_id=user_id, workspace_id=elsewhere.workspace_id, role=Role.MANAGER, created_at=LONG_AGO))
        there = makers.desk(session, elsewhere.workspace_id, office.manager)
        tokens[elsewhere.id] = share_links.make(there, identity_id=elsewhere.id)
    with office.database.write() as session:
        desk = makers.desk(session, office.workspace_id, office.owner)
        LEAVING[leave](desk, user_id)
    shut = [ada.id, elsewhere.id] if leave == "disable" else [ada.id]
    later = MONDAY + timedelta(hours=1)
    with office.database.read() as session:
        for identity_id, token in tokens.items():
            if identity_id in shut:
                with pytest.raises(Problem, match="does not work any more"):
                    share_links.look(session, token, later)
            else:
                assert share_links.look(session, token, later).is_used is False
        told = select(Audit.identity_id, Audit.workspace_id).where(Audit.what == "share_link.revoked")
        homes = {ada.id: ada.workspace_id, elsewhere.id: elsewhere.workspace_id}
        assert [tuple(row) for row in session.execute(told.order_by(Audit.identity_id))] == [
            (one, homes[one]) for one in shut
        ]


@pytest.mark.parametrize("who", ["a member", "an owner"])
def test_the_share_links_of_identities_that_are_taken_from_somebody_end_with_the_access(office: Office, who: str) -> None:
    user_id = office.manager.user_id or 0
    with office.database.write() as session:
        session.get_one(User, user_id).is_owner = who == "an owner"  # who reaches them all, whatever their access says
        ada, grace, elsewhere = (
            makers.identity(session, home)
            for home in (office.workspace_id, office.workspace_id, makers.workspace(session).id)
        )
        session.add(Membership(user_id=user_id, workspace_id=elsewhere.workspace_id, role=Role.MANAGER, created_at=LONG_AGO))
        hers, there = (makers.desk(session, one.workspace_id, office.manager) for one in (ada, elsewhere))
        tokens = {one.id: share_links.make(hers, identity_id=one.id) for one in (ada, grace)}
        tokens[elsewhere.id] = share_links.make(there, identity_id=elsewhere.id)
    with office.database.write() as session:
        desk = makers.desk(session, office.workspace_id, office.owner)
        people.change_access(desk, user_id=user_id, identity_ids=None)
        people.change_access(desk, user_id=user_id, identity_ids=[ada.id])
    shut = [] if who == "an owner" else [grace.id]
    with office.database.read() as session:
        for identity_id, token in tokens.items():
            with pytest.raises(Problem, match="does not work any more") if identity_id in shut else nullcontext():
                share_links.look(session, token, MONDAY)
        told = select(Audit.identity_id, Audit.actor).where(Audit.what == "share_link.revoked")
        assert [tuple(row) for row in session.execute(told)] == [(one, office.owner.label) for one in shut]


def test_who_is_no_owner_any_more_keeps_the_share_links_that_they_could_make_again(office: Office) -> None:
    user_id = office.manager.user_id or 0
    with office.database.write() as session:
        ada, grace = (makers.identity(session, office.workspace_id) for _ in range(2))
        wide, read, none = (makers.identity(session, makers.workspace(session).id) for _ in range(3))
        for one, role in ((wide, Role.MANAGER), (read, Role.OPS)):
            session.add(Membership(user_id=user_id, workspace_id=one.workspace_id, role=role, created_at=LONG_AGO))
        people.change_access(makers.desk(session, office.workspace_id, office.owner), user_id=user_id, identity_ids=[ada.id])
        people.make_owner(makers.desk(session, None, office.owner), user_id=user_id, is_owner=True)
        owner = replace(office.manager, is_owner=True)
        tokens = {
            one.id: share_links.make(makers.desk(session, one.workspace_id, owner), identity_id=one.id)
            for one in (ada, grace, wide, read, none)
        }
    with office.database.write() as session:
        people.make_owner(makers.desk(session, None, office.owner), user_id=user_id, is_owner=False)
    shut = {one.id: one.workspace_id for one in (grace, read, none)}
    with office.database.read() as session:
        for identity_id, token in tokens.items():
            with pytest.raises(Problem, match="does not work any more") if identity_id in shut else nullcontext():
                share_links.look(session, token, MONDAY)
        told = select(Audit.identity_id, Audit.workspace_id).where(Audit.what == "share_link.revoked")
        assert [tuple(row) for row in session.execute(told.order_by(Audit.identity_id))] == sorted(shut.items())


def test_a_link_that_was_used_goes_on_for_the_person_who_used_it(office: Office) -> None:
    with office.database.write() as session:
        ada = makers.identity(session, office.workspace_id)
        token = share_links.make(makers.desk(session, office.workspace_id, office.manager), identity_id=ada.id)
        share_links.use_up(session, share_links.working(session, token, MONDAY), MONDAY)
        people.disable(makers.desk(session, office.workspace_id, office.owner), user_id=office.manager.user_id or 0)
        assert share_links.look(session, token, MONDAY).is_used
