"""Signing an address in at a provider, from the first click to the kept address: all that fits, and all that does not."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select

from engine import giving_back, mailboxes, provider_returns, provider_sign_in, sessions
from engine.connections.oauth import Endpoints
from engine.desk import Denied, Problem, perform
from engine.mail_accounts import account_for
from engine.provider_sign_in import ELSEWHERE, LATE, LIFE, UNKNOWN, USED, FlowOver
from engine.sessions import Browser
from practice.oauth_book import Unwell
from storage.kinds import MailboxState, Provider, Role
from storage.tables import Audit, Installation, Lane, Mailbox, MailGrant, Membership, ProviderApp, SignInFlow
from tests import makers
from tests.makers import MONDAY
from tests.oauth.office import VAULT, Office

ADA = "ada@acme.test"


def nothing_is_kept(here: Office) -> bool:
    with here.database.read() as session:
        return not session.scalar(select(func.count()).select_from(MailGrant)) and not here.mailbox(ADA)


def test_an_allowed_sign_in_connects_the_address_with_its_servers_and_lane(here: Office, provider: Provider) -> None:
    back = here.sign_in(provider, " Ada@Acme.test")
    assert back.is_connected
    box = here.mailbox(ADA)
    assert box
    assert (box.state, box.provider, box.username, box.password) == (MailboxState.OK, provider, ADA, None)
    assert (box.imap_host, box.smtp_port) == (
        here.where.imap and here.where.imap.host,
        here.where.smtp and here.where.smtp.port,
    )
    assert (box.last_good_at, box.connected_at, box.state_note) == (MONDAY, MONDAY, "")
    assert box.next_probe_at
    with here.database.read() as session:
        assert session.scalars(select(Lane).where(Lane.mailbox_id == box.id)).one()
        account = account_for(VAULT, here.tokens)(session, session.get_one(Mailbox, box.id))
    assert account.bearer
    assert here.stand_in.book.opened_by(account.bearer(""))
    assert any("AUTH XOAUTH2" in line for line in here.smtp.lines)


def test_neither_state_nor_code_nor_tokens_stand_anywhere_in_the_open(here: Office, provider: Provider) -> None:
    url = here.begin(provider, ADA)
    query = here.person.answers(url)
    here.come_back(query)
    row = here.flow()
    with here.database.read() as session:
        grant = session.scalars(select(MailGrant)).one()
        audited = str([(line.what, line.old, line.new) for line in session.scalars(select(Audit))])
        account = account_for(VAULT, here.tokens)(session, session.scalars(select(Mailbox)).one())
    assert account.bearer
    token = account.bearer("")
    for secret in (here.states[0], query["code"], token):
        assert secret not in audited
        assert secret not in str([row.state_hash, row.note, row.flow, grant.note, grant.scopes])
        assert secret.encode() not in (grant.access_token or b"") + (grant.refresh_token or b"")
    assert row.flow is None  # the verifier is gone with its use


def test_an_answer_is_good_once(here: Office, provider: Provider) -> None:
    query = here.person.answers(here.begin(provider, ADA))
    assert here.come_back(query).is_connected
    with pytest.raises(FlowOver, match="used already") as caught:
        here.come_back(query)
    assert str(caught.value) == USED


def test_an_answer_is_good_for_ten_minutes(here: Office, provider: Provider) -> None:
    query = here.person.answers(here.begin(provider, ADA))
    here.now = MONDAY + LIFE
    with pytest.raises(FlowOver) as caught:
        here.come_back(query)
    assert str(caught.value) == LATE
    assert nothing_is_kept(here)


def test_an_answer_in_another_session_connects_nothing_and_uses_nothing_up(here: Office) -> None:
    query = here.person.answers(here.begin(Provider.GOOGLE, ADA))
    own = here.session_token
    with here.database.write() as session:
        assert here.actor.user_id
        here.session_token = sessions.begin(session, here.actor.user_id, Browser("192.0.2.8", "another"), MONDAY)
    with pytest.raises(FlowOver) as caught:
        here.come_back(query)
    assert str(caught.value) == ELSEWHERE
    here.session_token = own
    assert here.come_back(query).is_connected


@pytest.mark.parametrize("token", ["", "nonsense"])
def test_without_a_session_nothing_happens(here: Office, token: str) -> None:
    query = here.person.answers(here.begin(Provider.GOOGLE, ADA))
    here.session_token = token
    with pytest.raises(FlowOver, match="session in Outpost ended"):
        here.come_back(query)
    assert nothing_is_kept(here)


@pytest.mark.parametrize("query", [{}, {"state": ""}, {"state": "made up", "code": "x"}, {"code": "x"}])
def test_a_state_that_was_never_given_is_refused(here: Office, query: dict[str, str]) -> None:
    with pytest.raises(FlowOver) as caught:
        here.come_back(query)
    assert str(caught.value) == UNKNOWN


def test_a_sign_in_is_forgotten_after_a_week(here: Office) -> None:
    here.begin(Provider.GOOGLE, ADA)
    for days, left in ((6, 1), (8, 0)):
        with here.database.write() as session:
            provider_sign_in.forget_old(session, MONDAY + timedelta(days=days))
            assert session.scalar(select(func.count()).select_from(SignInFlow)) == left


def test_two_sign_ins_of_one_person_go_on_side_by_side(here: Office) -> None:
    first, second = (here.person.answers(here.begin(Provider.GOOGLE, name)) for name in (ADA, "ada@acme.io"))
    assert here.come_back(second).is_connected
    assert here.come_back(first).is_connected
    swapped = {**here.person.answers(here.begin(Provider.GOOGLE, "a@acme.io")), "state": "x"}
    with pytest.raises(FlowOver):
        here.come_back(swapped)


def test_another_account_that_was_chosen_is_named_and_left_as_it_was(here: Office, provider: Provider) -> None:
    back = here.sign_in(provider, ADA, email="grace@acme.test")
    assert not back.is_connected
    assert "You signed in as grace@acme.test, but ada@acme.test was meant" in here.result(back).sentence
    assert nothing_is_kept(here)
    if provider is Provider.GOOGLE:
        assert here.stand_in.book.live_grants("grace@acme.test") == 0


def test_another_account_that_is_connected_elsewhere_keeps_its_own_sign_in(here: Office) -> None:
    assert here.sign_in(Provider.GOOGLE, "grace@acme.test").is_connected
    assert not here.sign_in(Provider.GOOGLE, ADA, email="grace@acme.test").is_connected
    assert here.stand_in.book.live_grants("grace@acme.test") > 0


def test_an_unticked_box_keeps_nothing_here_or_at_google(here: Office) -> None:
    back = here.sign_in(Provider.GOOGLE, ADA, untick="mail.google.com")
    assert "was not ticked" in here.result(back).sentence
    assert nothing_is_kept(here)
    assert here.stand_in.book.live_grants(ADA) == 0


def test_a_cancelled_consent_leaves_everything_as_it_was(here: Office, provider: Provider) -> None:
    back = here.sign_in(provider, ADA, answer="cancel")
    assert not back.is_connected
    assert "nothing was connected" in here.result(back).sentence
    assert nothing_is_kept(here)


def test_a_provider_in_trouble_is_said_and_the_next_try_works(here: Office, provider: Provider) -> None:
    url = here.begin(provider, ADA)
    query = here.person.answers(url)
    here.stand_in.book.unwell = Unwell.BUSY
    assert "try again in some minutes" in here.result(here.come_back(query)).sentence
    here.stand_in.book.unwell = None
    assert here.sign_in(provider, ADA).is_connected


def test_mail_servers_that_refuse_the_token_say_which_side_and_nothing_is_kept(here: Office, provider: Provider) -> None:
    here.imap.answers["login"] = "TAG NO [AUTHENTICATIONFAILED] IMAP is off"
    sentence = here.result(here.sign_in(provider, ADA)).sentence
    assert sentence.startswith("IMAP (reading): ")
    assert "check that IMAP is switched on there" in sentence
    assert nothing_is_kept(here)


TENANT = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."


def test_a_tenant_that_forbids_smtp_is_shown_and_the_address_goes_on_by_itself_when_it_is_allowed(here: Office) -> None:
    here.smtp.answers["auth"] = TENANT
    assert here.sign_in(Provider.MICROSOFT, ADA).is_connected
    box = here.mailbox(ADA)
    assert box
    assert box.state is MailboxState.DISABLED_BY_TENANT
    assert "Authenticated SMTP" in box.state_note
    accounts = account_for(VAULT, here.tokens)
    later = MONDAY + timedelta(hours=2)
    here.now = later
    assert mailboxes.probe_due(here.database, accounts, later, here.ca_file) == 1
    again = here.mailbox(ADA)
    assert again
    assert again.state is MailboxState.DISABLED_BY_TENANT
    assert again.next_probe_at
    del here.smtp.answers["auth"]
    here.now = later + timedelta(hours=2)
    assert mailboxes.probe_due(here.database, accounts, here.now, here.ca_file) == 1
    healed = here.mailbox(ADA)
    assert healed
    assert (healed.state, healed.state_note) == (MailboxState.OK, "")


def test_an_address_with_a_password_becomes_a_signed_in_one_on_the_same_row(here: Office, provider: Provider) -> None:
    with here.database.write() as session:
        identity = session.get_one(makers.Identity, here.identity_id)
        old = makers.mailbox(session, identity, address=ADA, state=MailboxState.RECONNECT_NEEDED, signature="Ada")
    assert here.sign_in(provider, ADA).is_connected
    box = here.mailbox(ADA)
    assert box
    assert (box.id, box.provider, box.signature, box.state) == (old.id, provider, "Ada", MailboxState.OK)


def test_a_reconnect_replaces_the_dead_grant_and_the_old_token_is_forgotten(here: Office, provider: Provider) -> None:
    here.sign_in(provider, ADA)
    here.stand_in.book.revoke_all(ADA)
    here.now = MONDAY + timedelta(hours=2)
    old = here.mailbox(ADA)
    assert old
    assert old.grant_id
    bearer = here.tokens.bearer_of(old.grant_id)
    with pytest.raises(Exception, match="reconnect it"):
        bearer("")
    assert here.sign_in(provider, ADA).is_connected
    box = here.mailbox(ADA)
    assert box
    assert box.state is MailboxState.OK
    assert box.grant_id != old.grant_id
    assert giving_back.give_back_due(here.tokens) == 1
    assert here.stand_in.book.live_grants(ADA) > 0


def may(here: Office, address: str, where: Endpoints | None = None, provider: Provider = Provider.GOOGLE) -> None:
    perform(
        here.database,
        here.actor,
        here.workspace_id,
        here.now,
        provider_sign_in.may_sign_in,
        identity_id=here.identity_id,
        provider=provider,
        address=address,
        vault=VAULT,
        where=where or here.where,
    )


def test_before_any_network_is_touched_each_wrong_wish_has_a_sentence(here: Office) -> None:
    with pytest.raises(Problem, match="address"):
        may(here, "no address")
    here.sign_in(Provider.GOOGLE, ADA)
    with pytest.raises(Problem, match="already connected to this identity"):
        may(here, ADA)
    with here.database.write() as session:
        other = makers.identity(session, here.workspace_id, first_name="Grace", last_name="Hopper")
        makers.mailbox(session, other, address="grace@acme.test")
    with pytest.raises(Problem, match="already sends for Grace Hopper"):
        may(here, "grace@acme.test")
    with here.database.write() as session:
        session.execute(delete(ProviderApp).where(ProviderApp.provider == Provider.MICROSOFT))
    with pytest.raises(Problem, match="an admin enters one under Settings › Providers"):
        may(here, "x@acme.test", provider=Provider.MICROSOFT)


def test_a_practice_workspace_never_asks_a_real_provider(here: Office) -> None:
    with here.database.write() as session:
        session.get_one(Installation, 1).practice = True
    with pytest.raises(Problem, match="its own stand-in only"):
        may(here, ADA, Endpoints())
    may(here, ADA)


def test_a_right_that_was_lost_meanwhile_connects_nothing(here: Office) -> None:
    query = here.person.answers(here.begin(Provider.GOOGLE, ADA))
    with here.database.write() as session:
        session.get_one(Membership, (here.actor.user_id, here.workspace_id)).role = Role.OPS
    back = here.come_back(query)
    assert not back.is_connected
    assert nothing_is_kept(here)
    with pytest.raises(Denied):
        here.result(back)
    with here.database.write() as session:
        session.execute(delete(Membership))
    with pytest.raises(FlowOver):
        here.come_back(query)


def test_an_address_that_was_connected_meanwhile_is_not_connected_twice(here: Office) -> None:
    first, second = (here.person.answers(here.begin(Provider.GOOGLE, ADA)) for _ in range(2))
    assert here.come_back(first).is_connected
    back = here.come_back(second)
    assert "already connected" in here.result(back).sentence
    with here.database.read() as session:
        assert session.scalar(select(func.count()).select_from(MailGrant)) == 1


def test_a_blocked_tenant_shows_on_the_address(here: Office) -> None:
    back = here.sign_in(Provider.MICROSOFT, "ada@blocked.test")
    assert "Conditional Access" in here.result(back).sentence
    box = here.mailbox("ada@blocked.test")
    assert box
    assert box.state is MailboxState.REFUSED
    assert "Conditional Access" in box.state_note


def test_every_end_of_a_sign_in_is_a_sentence() -> None:
    for sentence in (UNKNOWN, USED, LATE, ELSEWHERE, provider_returns.SIGNED_OUT):
        assert sentence.endswith("tart again from the identity's e-mail page.") or sentence.endswith("start again.")
