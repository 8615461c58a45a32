"""Roles, access, removal, owners; invitations that work once; workspaces; the audit log."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, event, func, select

from engine import audits, first_start, invitations, people, provider_apps, stops, warm_up_pool, workspaces
from engine.audits import Wanted
from engine.desk import Actor, Denied, Desk, Problem, perform
from engine.photos import photo
from engine.provider_apps import AppForm
from storage.database import Database
from storage.kinds import CampaignState, Provider, Role, WarmUpPreset
from storage.tables import Audit, Membership, MembershipIdentity, User, WarmUp, Workspace
from storage.vault import Vault, new_key
from tests import makers
from tests.makers import MONDAY
from tests.people.conftest import HERE, PASSWORD, Office

GOOD = "eleven cobalt geese whistle"


def test_the_last_admin_stays_an_admin(office: Office) -> None:
    with office.database.write() as session:
        desk = makers.desk(session, office.workspace_id, office.admin)
        admin_id, manager_id = office.admin.user_id or 0, office.manager.user_id or 0
        with pytest.raises(Problem, match="last admin"):
            people.change_role(desk, user_id=admin_id, role=Role.OPS)
        with pytest.raises(Problem, match="last admin"):
            people.remove(desk, user_id=admin_id)
        people.change_role(desk, user_id=manager_id, role=Role.ADMIN)
        people.remove(desk, user_id=admin_id)
        session.flush()
        assert session.get(Membership, (admin_id, office.workspace_id)) is None


def test_the_last_owner_stays_an_owner(office: Office) -> None:
    with office.database.write() as session:
        desk = makers.desk(session, None, office.owner)
        owner_id, manager_id = office.owner.user_id or 0, office.manager.user_id or 0
        for end in (people.disable, lambda desk, user_id: people.make_owner(desk, user_id=user_id, is_owner=False)):
            with pytest.raises(Problem, match="last owner"):
                end(desk, user_id=owner_id)
        people.make_owner(desk, user_id=manager_id, is_owner=True)
        people.disable(desk, user_id=owner_id)
        with pytest.raises(Problem, match="last owner"):
            people.disable(desk, user_id=manager_id)


def test_access_to_named_identities_is_replaced_and_told(office: Office) -> None:
    user_id = office.manager.user_id or 0
    with office.database.write() as session:
        ada, grace = (makers.identity(session, office.workspace_id) for _ in range(2))
        desk = makers.desk(session, office.workspace_id, office.admin)
        people.change_access(desk, user_id=user_id, identity_ids=[grace.id, ada.id])
        assert next(one for one in people.list_members(desk) if one.user_id == user_id).identity_ids == (ada.id, grace.id)
        people.change_access(desk, user_id=user_id, identity_ids=None)
        session.flush()
        assert not session.scalar(select(func.count()).select_from(MembershipIdentity))
        newest = audits.list_lines(desk, wanted=Wanted(what="access.changed")).lines[0]
        assert (newest.old, newest.new) == ({"identities": [ada.id, grace.id]}, {"identities": "all"})


def test_access_to_another_client_s_identity_is_denied(office: Office) -> None:
    with office.database.write() as session:
        theirs = makers.identity(session, makers.workspace(session).id)
        desk = makers.desk(session, office.workspace_id, office.admin)
        with pytest.raises(Denied):
            people.change_access(desk, user_id=office.manager.user_id or 0, identity_ids=[theirs.id])
        with pytest.raises(Denied):
            invitations.invite(desk, "new@agency.test", Role.OPS, identity_ids=[theirs.id])


def test_a_user_of_another_workspace_is_not_there(office: Office) -> None:
    with office.database.write() as session:
        stranger = makers.member(session, makers.workspace(session).id, Role.ADMIN)
        desk = makers.desk(session, office.workspace_id, office.admin)
        for touch in (people.remove, lambda desk, user_id: people.change_role(desk, user_id=user_id, role=Role.OPS)):
            with pytest.raises(Denied):
                touch(desk, user_id=stranger.user_id or 0)


def invite(office: Office, email: str = "new@agency.test", **values: object) -> str:
    with office.database.write() as session:
        desk = makers.desk(session, office.workspace_id, office.admin)
        return invitations.invite(desk, email, Role.MANAGER, **values)  # type: ignore[arg-type]


def test_an_invitation_makes_a_user_and_works_once(office: Office) -> None:
    token = invite(office)
    assert invitations.accept(office.database, token, "Nora New", GOOD, HERE, MONDAY)
    with pytest.raises(Problem, match="does not work any more"):
        invitations.accept(office.database, token, "Nora New", GOOD, HERE, MONDAY)
    with office.database.read() as session:
        nora = session.scalars(select(User).where(User.email == "new@agency.test")).one()
        assert session.get_one(Membership, (nora.id, office.workspace_id)).role is Role.MANAGER


def test_an_invitation_used_by_eight_at_once_makes_one_user(office: Office) -> None:
    token, made, refused = invite(office), [], []

    def use() -> None:
        try:
            made.append(invitations.accept(office.database, token, "Nora New", GOOD, HERE, MONDAY))
        except Problem as problem:
            refused.append(problem)

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(refused)) == (1, 7)


def test_an_invitation_ends_after_seven_days_when_revoked_and_when_a_newer_one_is_made(office: Office) -> None:
    old, new = invite(office), invite(office)
    other = invite(office, "other@agency.test")
    with office.database.write() as session:
        assert invitations.look(session, new, MONDAY + timedelta(days=7) - timedelta(seconds=1))
        desk = makers.desk(session, office.workspace_id, office.admin)
        key = next(one.key for one in invitations.list_open(desk) if one.email == "other@agency.test")
        invitations.revoke(desk, key=key)
        for token, now in ((old, MONDAY), (other, MONDAY), (new, MONDAY + timedelta(days=7))):
            with pytest.raises(Problem, match="does not work any more"):
                invitations.look(session, token, now)


@pytest.mark.parametrize(
    "lose",
    [
        pytest.param(lambda desk, user_id: people.disable(desk, user_id=user_id), id="disabled"),
        pytest.param(lambda desk, user_id: people.remove(desk, user_id=user_id), id="removed"),
        pytest.param(lambda desk, user_id: people.change_role(desk, user_id=user_id, role=Role.MANAGER), id="no admin"),
        pytest.param(lambda desk, user_id: people.change_access(desk, user_id=user_id, identity_ids=[1]), id="narrowed"),
    ],
)
def test_the_invitations_of_who_may_not_invite_any_more_open_nothing(
    office: Office, lose: Callable[[Desk, int], None]
) -> None:
    token, admin_id = invite(office), office.admin.user_id or 0
    with office.database.write() as session:
        makers.identity(session, office.workspace_id, id=1)
        desk = makers.desk(session, office.workspace_id, office.owner)
        people.change_role(desk, user_id=office.manager.user_id or 0, role=Role.ADMIN)
        lose(desk, admin_id)
        session.flush()
        assert invitations.list_open(desk) == []
    with pytest.raises(Problem, match="may not invite"):
        invitations.accept(office.database, token, "Nora New", GOOD, HERE, MONDAY)
    with office.database.read() as session:
        assert session.scalars(select(User.id).where(User.email == "new@agency.test")).all() == []


def test_a_user_enabled_again_finds_their_old_invitations_ended(office: Office) -> None:
    token, admin_id = invite(office), office.admin.user_id or 0
    with office.database.write() as session:
        desk = makers.desk(session, office.workspace_id, office.owner)
        people.disable(desk, user_id=admin_id)
        people.enable(desk, user_id=admin_id)
        session.flush()
        assert audits.list_lines(desk, wanted=Wanted(what="user.disabled")).lines[0].new == {
            "sessions_ended": 0,
            "invitations_revoked": 1,
            "share_links_revoked": 0,
        }
        with pytest.raises(Problem, match="does not work any more"):
            invitations.look(session, token, MONDAY)


def test_an_invitation_sent_before_users_were_looked_at_works_for_nobody(office: Office) -> None:
    token = invite(office)
    with office.database.write() as session:
        session.get_one(User, office.admin.user_id).disabled_at = MONDAY  # as an earlier version left it: still open
    with pytest.raises(Problem, match="does not work any more"):
        invitations.accept(office.database, token, "Nora New", GOOD, HERE, MONDAY)


def test_a_user_adds_a_workspace_by_their_own_password_only(office: Office) -> None:
    with office.database.write() as session:
        second = makers.workspace(session)
        desk = makers.desk(session, second.id, office.owner)
        token = invitations.invite(desk, office.manager.label, Role.OPS)
    with pytest.raises(Problem, match="not your password"):
        invitations.accept(office.database, token, "Mallory", GOOD, HERE, MONDAY)
    assert invitations.accept(office.database, token, "", PASSWORD, HERE, MONDAY) is None
    with office.database.read() as session:
        assert session.get_one(Membership, (office.manager.user_id, second.id)).role is Role.OPS


def test_a_weak_password_leaves_the_invitation_unused(office: Office) -> None:
    token = invite(office)
    with pytest.raises(Problem, match="easy to guess"):
        invitations.accept(office.database, token, "Nora New", "password1234", HERE, MONDAY)
    assert invitations.accept(office.database, token, "Nora New", GOOD, HERE, MONDAY)


def test_the_first_start_makes_one_owner_of_eight_at_once(database: Database) -> None:
    made, refused = [], []

    def start(number: int) -> None:
        try:
            made.append(first_start.make_owner(database, f"o{number}@a.test", "Olga", GOOD, "Acme", HERE, MONDAY))
        except Problem as problem:
            refused.append(str(problem))

    threads = [threading.Thread(target=start, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert all("has its owner already" in why for why in refused)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 1
        assert session.scalar(select(func.count()).select_from(Workspace)) == 1


def test_workspaces_are_made_renamed_archived_and_restored(office: Office) -> None:
    with office.database.write() as session:
        desk = makers.desk(session, office.workspace_id, office.owner)
        made = workspaces.create(desk, name="  Bravo   GmbH ")
        with pytest.raises(Problem, match="already"):
            workspaces.rename(desk, name="bravo gmbh")
        workspaces.rename(desk, name="Alpha & <b>Söhne</b> 🦊")
        makers.campaign(session, makers.identity(session, made), state=CampaignState.RUNNING)
        with pytest.raises(Problem, match="1 campaign is running in Bravo GmbH"):
            workspaces.archive(desk, archived_id=made)
        workspaces.archive(desk, archived_id=office.workspace_id)
        workspaces.restore(desk, archived_id=office.workspace_id)
        assert [line.name for line in workspaces.list_all(desk)] == ["Alpha & <b>Söhne</b> 🦊", "Bravo GmbH"]


def test_a_workspace_in_which_an_address_warms_up_is_not_put_away(office: Office) -> None:
    with office.database.write() as session:
        desk = makers.desk(session, office.workspace_id, office.owner)
        box = makers.mailbox(session, makers.identity(session, office.workspace_id))
        preset = WarmUpPreset.USUAL
        session.add(WarmUp(mailbox_id=box.id, started_at=MONDAY, started_by="olga", preset=preset, price_cents=0))
        session.flush()
        with pytest.raises(Problem, match=f"{box.address} is warming up"):
            workspaces.archive(desk, archived_id=office.workspace_id)


def test_renaming_tells_an_admin_nothing_of_other_clients(office: Office) -> None:
    with office.database.write() as session:
        workspaces.create(makers.desk(session, None, office.owner), name="Secret AG")
        workspaces.rename(makers.desk(session, office.workspace_id, office.admin), name="Secret AG")


@pytest.mark.parametrize(("name", "why"), [("", "Type"), ("  \n ", "Type"), ("x" * 301, "at most 300")])
def test_a_workspace_needs_a_name(office: Office, name: str, why: str) -> None:
    with office.database.write() as session, pytest.raises(Problem, match=why):
        workspaces.create(makers.desk(session, office.workspace_id, office.owner), name=name)


def test_the_audit_log_is_filtered_by_who_what_text_and_day(office: Office) -> None:
    with office.database.write() as session:
        for day, actor, what in ((0, office.admin, "limit.changed"), (1, office.manager, "limit.changed")):
            desk = makers.desk(session, office.workspace_id, actor, MONDAY + timedelta(days=day))
            desk.audit(what, "mailbox:7", old={"value": 20}, new={"value": 50, "why": "100% wärmer_%"})
        desk = makers.desk(session, office.workspace_id, office.admin)
        desk.audit("hours.changed", "identity:3")
        found = {
            "who": Wanted(who=office.manager.label),
            "what": Wanted(what="hours.changed"),
            "text": Wanted(text="mailbox:7 100%"),
            "literal": Wanted(text="%%%%"),
            "first": Wanted(first_day=(MONDAY + timedelta(days=1)).date()),
            "last": Wanted(last_day=MONDAY.date()),
        }
        counts = {name: audits.list_lines(desk, wanted=wanted).total for name, wanted in found.items()}
    assert counts == {"who": 1, "what": 1, "text": 2, "literal": 0, "first": 1, "last": 2}


def test_a_denied_attempt_is_in_the_audit_log(office: Office) -> None:
    with pytest.raises(Denied):
        perform(office.database, office.manager, office.workspace_id, MONDAY, people.list_members)
    with office.database.read() as session:
        lines = audits.list_lines(makers.desk(session, office.workspace_id, office.admin), wanted=Wanted()).lines
    assert [(line.who, line.what, line.subject) for line in lines] == [
        (office.manager.label, "access.denied", "people.list_members")
    ]


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("＝1+1", "'＝1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("plain", "plain"),
        ("a=b", "a=b"),
    ],
)
def test_a_spreadsheet_runs_nothing_of_an_export(cell: str, safe: str) -> None:
    assert audits.safe_cell(cell) == safe


def test_the_export_holds_the_lines_and_is_a_line_itself(office: Office) -> None:
    with office.database.write() as session:
        desk = makers.desk(session, office.workspace_id, office.admin)
        desk.audit("identity.renamed", "identity:1", new={"name": '=HYPERLINK("x")\r\nBcc: y'})
        text = audits.export_csv(desk, wanted=Wanted())
        assert '=HYPERLINK(\\""x\\"")\\r\\nBcc: y' in text
        assert text.count("\n") == 2
        session.flush()
        assert audits.list_lines(desk, wanted=Wanted(what="audit_log.exported")).lines[0].new == {"lines": 1}


def test_others_write_while_an_export_is_made_and_its_line_is_written_after_it(office: Office) -> None:
    engine, held = office.database.engine, []

    def write_meanwhile(_c: Connection, _cursor: object, statement: str, *_: object) -> None:
        if "FROM audit" in statement and not held:
            with office.database.write() as session:
                held.append(makers.workspace(session).id)

    event.listen(engine, "before_cursor_execute", write_meanwhile)
    perform(office.database, office.admin, office.workspace_id, MONDAY, audits.export_csv, Wanted())
    event.remove(engine, "before_cursor_execute", write_meanwhile)
    assert len(held) == 1
    with office.database.read() as session:
        assert list(session.scalars(select(Audit.what))) == ["audit_log.exported"]


def test_who_sees_one_identity_reads_the_log_of_that_one_only(office: Office) -> None:
    with office.database.write() as session:
        ada, grace = (makers.identity(session, office.workspace_id) for _ in range(2))
        reader = makers.member(session, office.workspace_id, Role.OPS, [ada.id])
        desk = makers.desk(session, office.workspace_id, office.admin)
        desk.audit("identity.changed", f"identity:{ada.id}", identity_id=ada.id)
        desk.audit("identity.changed", f"identity:{grace.id}", identity_id=grace.id)
        desk.audit("user.invited", "invitation:x")
        lines = audits.list_lines(makers.desk(session, office.workspace_id, reader), wanted=Wanted()).lines
        assert [line.subject for line in lines] == [f"identity:{ada.id}"]
        with pytest.raises(Denied):
            audits.list_lines(makers.desk(session, office.workspace_id, reader), wanted=Wanted(installation=True))


def test_an_actor_without_a_user_invites_nobody(office: Office) -> None:
    with office.database.write() as session:
        desk = makers.desk(session, office.workspace_id, Actor(None, "worker", is_owner=True))
        with pytest.raises(Denied):
            invitations.invite(desk, "x@agency.test", Role.OPS)


def test_an_admin_of_named_identities_gives_nobody_access_to_all_of_them(office: Office) -> None:
    with office.database.write() as session:
        ada = makers.identity(session, office.workspace_id)
        narrow = makers.member(session, office.workspace_id, Role.ADMIN, [ada.id])
        desk = makers.desk(session, office.workspace_id, narrow)
        with pytest.raises(Denied):
            people.change_access(desk, user_id=narrow.user_id or 0, identity_ids=None)
        with pytest.raises(Denied):
            invitations.invite(desk, "wide@outpost.test", Role.ADMIN)
        assert invitations.invite(desk, "narrow@outpost.test", Role.ADMIN, [ada.id])
        stops.press_workspace(desk)
        of_all = (
            stops.release_workspace,
            lambda desk: warm_up_pool.set_scope(desk, own=None),
            lambda desk: warm_up_pool.set_pace(desk, own=None),
            lambda desk: provider_apps.set_workspace_app(desk, AppForm(Provider.GOOGLE, "", ""), Vault({1: new_key()})),
        )
        for task in of_all:
            with pytest.raises(Denied):
                task(desk)


def test_an_admin_of_named_identities_takes_nobody_what_they_can_t_see(office: Office) -> None:
    with office.database.write() as session:
        seen, unseen = (makers.identity(session, office.workspace_id).id for _ in range(2))
        narrow = makers.member(session, office.workspace_id, Role.ADMIN, [seen])
        ops = makers.member(session, office.workspace_id, Role.OPS, [seen, unseen])
        desk = makers.desk(session, office.workspace_id, narrow)
        shown = next(one for one in people.list_members(desk) if one.user_id == ops.user_id)
        assert shown.identity_ids == (seen,)
        people.change_access(desk, user_id=ops.user_id or 0, identity_ids=[seen])
        kept = select(MembershipIdentity.identity_id).where(MembershipIdentity.user_id == ops.user_id)
        assert set(session.scalars(kept)) == {seen, unseen}


@pytest.mark.parametrize("identity_id", [0, -1, 2**63, 10**30])
def test_a_number_that_can_be_no_id_is_answered_like_one_that_does_not_exist(office: Office, identity_id: int) -> None:
    with pytest.raises(Denied):
        perform(office.database, office.admin, office.workspace_id, MONDAY, photo, identity_id=identity_id)
