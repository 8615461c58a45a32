"""Sending by Microsoft Graph where a tenant forbids SMTP: only where allowed, at most once, with drafts as witnesses."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import mailboxes, provider_apps
from engine.channels.effects import GRAPH_HOST, Accepted, Failed, GraphWay, MailAccount, Trace, Uncertain
from engine.channels.email import EmailChannel
from engine.connections import graph, microsoft
from engine.connections.oauth import Endpoints
from engine.connections.trouble import ConnectionTrouble, Trouble
from engine.mail_accounts import account_for
from practice.oauth import StandIn
from practice.oauth_book import MICROSOFT_ID
from storage.kinds import MailboxState, Provider, Reason
from storage.tables import Mailbox
from tests import makers
from tests.mail.conftest import LOOPBACK, letter
from tests.makers import MONDAY
from tests.oauth.conftest import MICROSOFT, RETURN
from tests.oauth.office import FORMS, VAULT, Office
from tests.oauth.person import Person

ADA = "ada@acme.test"
MAIL = b"From: ada@acme.test\r\nTo: marie@bravo.test\r\nMessage-ID: <1@outpost.test>\r\n\r\nHello\r\n"
TENANT = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."


@pytest.fixture
def way(where: Endpoints, person: Person) -> GraphWay:
    """As an app that may send by Graph gets its tokens."""
    app = replace(MICROSOFT, by_graph=True)
    begun = microsoft.begin(app, where, RETURN, ADA, "s")
    granted = microsoft.finish(app, where, RETURN, begun.flow, person.answers(begun.url))

    def bearer(_refused: str) -> str:
        return microsoft.refresh(app, where, granted.refresh_token, microsoft.GRAPH_SCOPES).access_token

    return GraphWay(where.graph, where.ca_file, bearer)


def test_a_mail_is_drafted_sent_once_and_found_again(way: GraphWay, stand_in: StandIn) -> None:
    sent: list[tuple[str, bytes]] = []
    stand_in.book.deliver = lambda address, content: sent.append((address, content))
    outcome = graph.send(way, MAIL)
    assert isinstance(outcome, Accepted)
    assert outcome.evidence["internet_message_id"] == "<1@outpost.test>"
    assert outcome.evidence["copy"] == "filed by the host"
    assert sent == [(ADA, MAIL)]
    assert graph.look_up(way, "<1@outpost.test>") is Trace.FOUND
    assert graph.look_up(way, "<other'@outpost.test>") is Trace.UNKNOWABLE


def test_an_answer_that_got_lost_is_uncertain_and_the_draft_testifies(way: GraphWay, stand_in: StandIn) -> None:
    plain = stand_in.book.graph_refusals
    plain.extend([(0, ""), (504, "GatewayTimeout")])
    outcome = graph.send(way, MAIL)
    assert isinstance(outcome, Uncertain)
    assert graph.look_up(way, "<1@outpost.test>") is Trace.ABSENT
    assert not [one for one in stand_in.book.messages.values() if not one["isDraft"]]


@pytest.mark.parametrize(
    ("at", "status", "code", "reason", "ended"),
    [
        ("draft", 403, "ErrorAccessDenied", Reason.SIGN_IN_REFUSED, True),
        ("draft", 429, "ApplicationThrottled", Reason.PROVIDER_BUSY, False),
        ("draft", 503, "ServiceUnavailable", Reason.PROVIDER_BUSY, False),
        ("draft", 400, "ErrorInvalidRequest", Reason.MESSAGE_REFUSED, False),
        ("send", 403, "ErrorSendAsDenied", Reason.SIGN_IN_REFUSED, True),
        ("send", 429, "ErrorExceededMessageLimit", Reason.PROVIDER_LIMIT, False),
        ("send", 400, "ErrorInvalidRecipients", Reason.RECIPIENT_REFUSED, False),
        ("send", 413, "ErrorMessageSizeExceeded", Reason.MESSAGE_REFUSED, False),
    ],
)
def test_each_refusal_has_its_meaning_and_leaves_no_draft(
    way: GraphWay, stand_in: StandIn, at: str, status: int, code: str, reason: Reason, ended: bool
) -> None:
    stand_in.book.graph_refusals += [(status, code)] if at == "draft" else [(0, ""), (status, code)]
    outcome = graph.send(way, MAIL)
    assert isinstance(outcome, Failed)
    assert (outcome.reason, outcome.connection_ended) == (reason, ended)
    assert outcome.permanent is (reason in (Reason.MESSAGE_REFUSED, Reason.RECIPIENT_REFUSED))
    assert code in outcome.note
    assert stand_in.book.messages == {}


def test_a_token_that_is_refused_is_renewed_once_before_anything_happened(way: GraphWay) -> None:
    told: list[str] = []

    def bearer(refused: str) -> str:
        told.append(refused)
        return way.bearer(refused) if len(told) > 1 else "stale"

    assert isinstance(graph.send(replace(way, bearer=bearer), MAIL), Accepted)
    assert told[:2] == ["", "stale"]
    hopeless = graph.send(replace(way, bearer=lambda _refused: "stale"), MAIL)
    assert isinstance(hopeless, Failed)
    assert hopeless.connection_ended


def test_nobody_there_and_no_token_cost_no_lead(way: GraphWay) -> None:
    away = graph.send(replace(way, base="https://localhost:1"), MAIL)
    assert isinstance(away, Failed)
    assert (away.reason, away.permanent) == (Reason.UNREACHABLE, False)
    assert graph.look_up(replace(way, base="https://localhost:1"), "<1@outpost.test>") is Trace.UNREADABLE

    def bearer(_refused: str) -> str:
        raise ConnectionTrouble(Trouble.NO_TOKEN, "Microsoft", 443)

    assert isinstance(later := graph.send(replace(way, bearer=bearer), MAIL), Failed)
    assert later.reason is Reason.UNREACHABLE


def allow(here: Office) -> None:
    with here.database.write() as session:
        form = replace(FORMS[1], sends_by_graph=True)
        provider_apps.set_installation_app(makers.desk(session), form=form, vault=VAULT)


def account(here: Office) -> MailAccount:
    with here.database.read() as session:
        box = session.scalars(select(Mailbox).where(Mailbox.address == ADA)).one()
        return account_for(VAULT, here.tokens)(session, box)


def deliver(here: Office) -> object:
    return EmailChannel(LOOPBACK, lambda: here.now, here.ca_file).deliver(account(here), letter(), 20)


def test_where_it_is_allowed_a_tenant_without_smtp_sends_by_graph_from_the_start(here: Office) -> None:
    allow(here)
    here.stand_in.book.is_strict = True  # a refresh for Graph rotates the same refresh token
    here.smtp.answers["auth"] = TENANT
    assert here.sign_in(Provider.MICROSOFT, ADA).is_connected
    box = here.mailbox(ADA)
    assert box
    assert (box.state, box.smtp_host, box.smtp_port) == (MailboxState.OK, GRAPH_HOST, 443)
    for _ in range(2):
        assert isinstance(deliver(here), Accepted)
    here.now = MONDAY + timedelta(hours=2)
    assert here.stand_in.book.vouches(ADA, here.tokens.fresh(box.grant_id or 0))
    assert mailboxes.probe_due(here.database, account_for(VAULT, here.tokens), here.now, here.ca_file) == 1
    probed = here.mailbox(ADA)
    assert probed
    assert probed.state is MailboxState.OK


def test_an_address_whose_tenant_switches_smtp_off_goes_over_to_graph_by_itself(here: Office) -> None:
    allow(here)
    here.sign_in(Provider.MICROSOFT, ADA)
    here.smtp.answers["auth"] = TENANT
    assert isinstance(failed := deliver(here), Failed)
    assert failed.disabled_by_tenant
    here.now = MONDAY + timedelta(hours=2)
    assert mailboxes.probe_due(here.database, account_for(VAULT, here.tokens), here.now, here.ca_file) == 1
    box = here.mailbox(ADA)
    assert box
    assert (box.state, box.smtp_host) == (MailboxState.OK, GRAPH_HOST)
    assert isinstance(deliver(here), Accepted)


def test_where_it_is_not_allowed_graph_is_never_asked(here: Office) -> None:
    here.smtp.answers["auth"] = TENANT
    here.sign_in(Provider.MICROSOFT, ADA)
    assert account(here).graph is None
    assert here.stand_in.book.messages == {}


def test_graph_that_was_not_consented_to_ends_no_grant(here: Office) -> None:
    here.sign_in(Provider.MICROSOFT, ADA)
    allow(here)
    here.stand_in.book.refusals.append(("invalid_grant", "AADSTS65001: no consent"))
    way = account(here).graph
    assert way
    with pytest.raises(ConnectionTrouble, match="allow Mail"):
        way.bearer("")
    here.now = MONDAY + timedelta(hours=2)
    box = here.mailbox(ADA)
    assert box
    assert here.tokens.fresh(box.grant_id or 0)
    assert box.state is MailboxState.OK


def test_a_token_for_mail_opens_no_graph_and_the_other_way_round(way: GraphWay, stand_in: StandIn) -> None:
    token = way.bearer("")
    assert not stand_in.book.vouches(ADA, token)
    access = stand_in.book.opened_by(token)
    assert access
    assert access.grant == MICROSOFT_ID
