"""Granted sign-ins: refreshed before they end and by one at a time, ended at once when dead, given back when unused."""

import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from engine import address_overview, giving_back, grants, known_ends, mailboxes, provider_apps
from engine.connections import google, microsoft
from engine.connections.oauth import Endpoints, Granted
from engine.connections.trouble import ConnectionTrouble, Trouble
from engine.grants import Tokens
from engine.known_ends import KnownEnd
from engine.provider_apps import AppForm
from practice.oauth import StandIn
from practice.oauth_book import GOOGLE_ID, GOOGLE_SECRET, MICROSOFT_ID, MICROSOFT_SECRET, Unwell
from storage.database import Database, open_database
from storage.kinds import MailboxState, Provider
from storage.tables import Alert, Audit, Lane, Mailbox, MailGrant, ProviderApp, SignInFlow
from storage.vault import Vault, new_key
from tests import makers
from tests.makers import MONDAY
from tests.oauth.conftest import GOOGLE, MICROSOFT, RETURN
from tests.oauth.person import Person

VAULT = Vault({1: new_key()})
ADA = "ada@acme.test"
FORMS = {
    Provider.GOOGLE: AppForm(Provider.GOOGLE, GOOGLE_ID, GOOGLE_SECRET),
    Provider.MICROSOFT: AppForm(Provider.MICROSOFT, MICROSOFT_ID, MICROSOFT_SECRET),
}
HOUR = timedelta(hours=1)


@dataclass
class House:
    """An installation with one address signed in at each provider, and a clock that is set by hand."""

    database: Database
    stand_in: StandIn
    where: Endpoints
    person: Person
    mailboxes: dict[Provider, int]
    now: datetime = MONDAY

    @property
    def tokens(self) -> Tokens:
        return Tokens(self.database, VAULT, self.where, lambda: self.now)

    def mailbox(self, provider: Provider) -> Mailbox:
        with self.database.read() as session:
            return session.get_one(Mailbox, self.mailboxes[provider])

    def grant(self, provider: Provider) -> MailGrant:
        with self.database.read() as session:
            return session.get_one(MailGrant, self.grant_id(provider))

    def grant_id(self, provider: Provider) -> int:
        grant_id = self.mailbox(provider).grant_id
        assert grant_id is not None
        return grant_id


def consented(provider: Provider, where: Endpoints, person: Person) -> Granted:
    if provider is Provider.GOOGLE:
        begun = google.begin(GOOGLE, where, RETURN, ADA, "s")
        return google.identified(where, google.finish(GOOGLE, where, RETURN, begun.flow, person.answers(begun.url)))
    begun = microsoft.begin(MICROSOFT, where, RETURN, ADA, "s")
    return microsoft.finish(MICROSOFT, where, RETURN, begun.flow, person.answers(begun.url))


@pytest.fixture
def house(database: Database, stand_in: StandIn, where: Endpoints, person: Person) -> House:
    boxes = {}
    granted = {provider: consented(provider, where, person) for provider in FORMS}
    with database.write() as session:
        makers.installation(session)
        makers.user(session, is_owner=True)
        client = makers.workspace(session)
        for number, (provider, form) in enumerate(FORMS.items()):
            app_id = provider_apps.set_installation_app(makers.desk(session), form=form, vault=VAULT)
            app = session.get_one(ProviderApp, app_id)
            grant_id = grants.keep(session, VAULT, app, client.id, ADA, granted[provider], MONDAY)
            ada = makers.identity(session, client.id)
            address = ADA if number == 0 else "ada@acme2.test"
            box = makers.mailbox(session, ada, provider=provider, grant_id=grant_id, username=ADA, address=address)
            boxes[provider] = box.id
    return House(database, stand_in, where, person, boxes)


@pytest.fixture(params=list(FORMS))
def provider(request: pytest.FixtureRequest) -> Provider:
    return Provider(request.param)


def trouble_of(house: House, provider: Provider) -> ConnectionTrouble:
    with pytest.raises(ConnectionTrouble) as caught:
        house.tokens.fresh(house.grant_id(provider))
    return caught.value


def test_nothing_that_is_kept_can_be_read_without_the_key(house: House, provider: Provider) -> None:
    row = house.grant(provider)
    token = house.tokens.fresh(row.id)
    for kept in (row.access_token, row.refresh_token):
        assert kept
        assert token.encode() not in kept
    with house.database.read() as session:
        assert token not in str([(line.old, line.new) for line in session.scalars(select(Audit))])


def test_a_token_is_used_until_five_minutes_before_its_end_and_then_renewed(house: House, provider: Provider) -> None:
    first = house.tokens.fresh(house.grant_id(provider))
    house.now = MONDAY + timedelta(minutes=54)
    assert house.tokens.fresh(house.grant_id(provider)) == first
    house.now = MONDAY + timedelta(minutes=55, seconds=1)
    second = house.tokens.fresh(house.grant_id(provider))
    assert second != first
    assert house.stand_in.book.opened_by(second)
    assert house.stand_in.book.refreshes == 1


def test_a_token_that_a_mail_server_refused_is_renewed_before_its_time(house: House, provider: Provider) -> None:
    first = house.tokens.fresh(house.grant_id(provider))
    second = house.tokens.fresh(house.grant_id(provider), refused=first)
    assert second != first
    assert house.tokens.fresh(house.grant_id(provider), refused=first) == second  # another was told of the old one, too
    assert house.stand_in.book.refreshes == 1


@pytest.mark.parametrize("workers", [8])
def test_many_who_need_a_token_at_once_refresh_once_and_strict_rotation_kills_nothing(house: House, workers: int) -> None:
    house.stand_in.book.is_strict = True
    house.now = MONDAY + 2 * HOUR
    got: list[str] = []
    other = open_database(Path(house.database.engine.url.database or ""))  # as another worker has it

    def ask(number: int) -> None:
        tokens = replace(house.tokens, database=other) if number % 2 else house.tokens
        got.append(tokens.fresh(house.grant_id(Provider.MICROSOFT)))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    other.close()
    assert len(got) == workers
    assert len(set(got)) == 1
    assert house.stand_in.book.refreshes == 1
    house.now = MONDAY + 4 * HOUR
    assert house.tokens.fresh(house.grant_id(Provider.MICROSOFT)) != got[0]


def test_a_refresh_whose_process_died_holds_nobody_up_for_long(house: House) -> None:
    house.now = MONDAY + 2 * HOUR
    with house.database.write() as session:
        grant = session.get_one(MailGrant, house.grant_id(Provider.GOOGLE))
        grant.claimed_until = MONDAY + 2 * HOUR + timedelta(seconds=90)
    house.now = MONDAY + 2 * HOUR + timedelta(seconds=90)
    assert house.tokens.fresh(house.grant_id(Provider.GOOGLE))


def test_a_dead_grant_is_reconnect_needed_at_once_with_the_reason_and_is_not_asked_again(
    house: House, provider: Provider
) -> None:
    house.now = MONDAY + 2 * HOUR
    house.stand_in.book.revoke_all(ADA)
    assert trouble_of(house, provider).trouble is Trouble.GRANT_ENDED
    box = house.mailbox(provider)
    assert (box.state, box.state_since, box.next_probe_at) == (MailboxState.RECONNECT_NEEDED, house.now, None)
    assert "reconnect it" in box.state_note
    asked = house.stand_in.book.refreshes
    assert trouble_of(house, provider).sentence == box.state_note
    assert house.stand_in.book.refreshes == asked
    with house.database.read() as session:
        line = session.scalars(select(Audit).where(Audit.what == "mailbox.state_changed")).one()
        assert line.new
        assert line.new["state"] == "reconnect_needed"
        assert session.scalars(select(Alert.sentence)).all() == [box.state_note]


@pytest.mark.parametrize("unwell", [Unwell.HTML])
def test_a_provider_that_is_unwell_makes_the_address_unsteady_and_heals(
    house: House, provider: Provider, unwell: Unwell
) -> None:
    house.now = MONDAY + 2 * HOUR
    house.stand_in.book.unwell = unwell
    assert trouble_of(house, provider).trouble is Trouble.NO_TOKEN
    box = house.mailbox(provider)
    assert box.state is MailboxState.DEGRADED
    assert box.next_probe_at == house.now + timedelta(minutes=2)
    asked = house.stand_in.book.refreshes
    house.stand_in.book.unwell = None
    assert trouble_of(house, provider).trouble is Trouble.NO_TOKEN  # not before its time
    assert house.stand_in.book.refreshes == asked
    house.now = MONDAY + 2 * HOUR + timedelta(minutes=2)
    assert house.tokens.fresh(house.grant_id(provider))
    assert house.grant(provider).ended_at is None


def test_an_expired_secret_ends_no_grant_and_a_new_one_heals_it(house: House) -> None:
    house.now = MONDAY + 2 * HOUR
    house.stand_in.book.clients[MICROSOFT_ID] = "the-new-secret"
    assert trouble_of(house, Provider.MICROSOFT).trouble is Trouble.NO_TOKEN
    assert "Settings › Providers" in house.mailbox(Provider.MICROSOFT).state_note
    assert house.grant(Provider.MICROSOFT).ended_at is None
    mended = replace(FORMS[Provider.MICROSOFT], secret="the-new-secret")
    with house.database.write() as session:
        provider_apps.set_installation_app(makers.desk(session), form=mended, vault=VAULT)
    assert house.tokens.fresh(house.grant_id(Provider.MICROSOFT))


def test_the_worker_refreshes_what_is_about_to_end_and_nothing_else(house: House) -> None:
    house.now = MONDAY + timedelta(minutes=50)
    assert grants.refresh_due(house.tokens) == 0
    house.now = MONDAY + timedelta(minutes=53)
    assert grants.refresh_due(house.tokens) == 2
    house.now = MONDAY + timedelta(minutes=56)
    assert grants.refresh_due(house.tokens) == 2
    assert grants.refresh_due(house.tokens) == 0
    assert house.stand_in.book.refreshes == 2


def test_the_known_end_counts_down_from_the_last_use_and_in_testing_from_the_grant(house: House) -> None:
    assert house.grant(Provider.GOOGLE).dies_at == MONDAY + timedelta(days=180)
    assert house.grant(Provider.MICROSOFT).dies_at == MONDAY + timedelta(days=90)
    testing = replace(FORMS[Provider.GOOGLE], in_testing=True)
    with house.database.write() as session:
        provider_apps.set_installation_app(makers.desk(session), form=testing, vault=VAULT)
    house.now = MONDAY + 2 * HOUR
    house.tokens.fresh(house.grant_id(Provider.GOOGLE))
    house.tokens.fresh(house.grant_id(Provider.MICROSOFT))
    assert house.grant(Provider.GOOGLE).dies_at == MONDAY + timedelta(days=7)
    assert house.grant(Provider.MICROSOFT).dies_at == MONDAY + 2 * HOUR + timedelta(days=90)


def end_of(house: House, provider: Provider) -> KnownEnd | None:
    box = house.mailbox(provider)
    with house.database.read() as session:
        return known_ends.of_mailbox(makers.desk(session, box.workspace_id, now=house.now), mailbox_id=box.id)


def test_months_without_use_are_counted_down_and_told_in_the_last_one(house: House, provider: Provider) -> None:
    life = timedelta(days=180 if provider is Provider.GOOGLE else 90)
    assert end_of(house, provider) == KnownEnd(MONDAY + life, provider, MONDAY)
    house.now = MONDAY + timedelta(days=10)
    house.tokens.fresh(house.grant_id(provider))
    end = end_of(house, provider)
    assert end == KnownEnd(house.now + life, provider, house.now)
    assert end.to_do(house.now + life - timedelta(days=31)) == ""
    told = end.to_do(house.now + life - timedelta(days=29))
    assert "last used on 3 December" in told
    assert "see that the worker runs" in told


def test_a_week_of_an_app_in_testing_is_counted_down_whatever_is_used(house: House) -> None:
    with house.database.write() as session:
        testing = replace(FORMS[Provider.GOOGLE], in_testing=True)
        provider_apps.set_installation_app(makers.desk(session), form=testing, vault=VAULT)
    house.now = MONDAY + timedelta(days=4)
    end = end_of(house, Provider.GOOGLE)  # also before the grant is used the next time
    assert end == KnownEnd(MONDAY + timedelta(days=7), Provider.GOOGLE, None)
    assert (end.to_do(house.now), "publish the app" in end.to_do(MONDAY + timedelta(days=6))) == ("", True)
    box = house.mailbox(Provider.GOOGLE)
    with house.database.read() as session:
        desk = makers.desk(session, box.workspace_id, now=MONDAY + timedelta(days=6))
        lines = {line.address: line for line in address_overview.of_workspace(desk).rows if line.mailbox_id == box.id}
    assert lines[box.address].sign_in_ends == end.at
    assert "publish the app" in lines[box.address].to_do


def test_a_password_s_address_has_no_known_end(database: Database) -> None:
    with database.write() as session:
        box = makers.mailbox(session, makers.identity(session, makers.workspace(session).id))
        assert known_ends.of_mailboxes(session, [box.id]) == {}


def disconnect(house: House, provider: Provider) -> int:
    grant_id, box = house.grant_id(provider), house.mailbox(provider)
    with house.database.write() as session:
        mailboxes.disconnect(makers.desk(session, box.workspace_id), mailbox_id=box.id)
    return grant_id


def kept(house: House, grant_id: int) -> MailGrant:
    with house.database.read() as session:
        return session.get_one(MailGrant, grant_id)


def test_disconnecting_revokes_at_google_and_forgets_at_microsoft(house: House, provider: Provider) -> None:
    grant_id = disconnect(house, provider)
    with pytest.raises(ConnectionTrouble):
        house.tokens.fresh(grant_id)
    assert giving_back.give_back_due(house.tokens) == 1
    row = kept(house, grant_id)
    assert (row.refresh_token, row.access_token) == (None, None)
    assert house.mailbox(provider).grant_id is None
    is_google = provider is Provider.GOOGLE
    assert row.note == (giving_back.REVOKED if is_google else giving_back.FORGOTTEN)
    assert (row.revoked_at is not None) is is_google
    assert giving_back.give_back_due(house.tokens) == 0


def test_a_sign_in_that_is_under_way_again_is_not_revoked_with_the_old_one(house: House) -> None:
    grant_id, box = disconnect(house, Provider.GOOGLE), house.mailbox(Provider.GOOGLE)
    begun, minute = house.now, timedelta(minutes=1)
    with house.database.write() as session:
        of = {"workspace_id": box.workspace_id, "identity_id": box.identity_id, "provider": Provider.GOOGLE, "address": ADA}
        app = session.get_one(MailGrant, grant_id).provider_app_id
        times = {"created_at": begun + minute, "expires_at": begun + 11 * minute, "used_at": begun + 2 * minute}
        session.add(SignInFlow(**of, **times, provider_app_id=app, state_hash="-", session_hash="-"))
    house.now = begun + 2 * minute
    assert giving_back.give_back_due(house.tokens) == 1
    assert kept(house, grant_id).refresh_token
    house.now = begun + 17 * minute
    giving_back.give_back_due(house.tokens)
    assert kept(house, grant_id).note == giving_back.REVOKED


def test_google_out_of_reach_is_told_later_and_after_a_day_a_person_is(house: House) -> None:
    away = replace(house.tokens, where=replace(house.where, google_revoke="https://localhost:1/revoke"))
    grant_id = disconnect(house, Provider.GOOGLE)
    giving_back.give_back_due(away)
    assert kept(house, grant_id).refresh_token
    assert giving_back.give_back_due(away) == 0  # not before its time
    house.now = MONDAY + timedelta(days=1, minutes=1)
    giving_back.give_back_due(replace(away, now=lambda: house.now))  # type: ignore[arg-type, return-value]
    row = kept(house, grant_id)
    assert (row.refresh_token, row.note) == (None, giving_back.NOT_REACHED)


def test_a_grant_that_another_address_row_uses_is_not_revoked_with_an_old_one(house: House) -> None:
    again = consented(Provider.GOOGLE, house.where, house.person)
    old = house.grant_id(Provider.GOOGLE)
    with house.database.write() as session:
        box = session.get_one(Mailbox, house.mailboxes[Provider.GOOGLE])
        app = session.scalars(select(ProviderApp).where(ProviderApp.provider == Provider.GOOGLE)).one()
        giving_back.let_go(session, box, MONDAY)
        box.grant_id = grants.keep(session, VAULT, app, box.workspace_id, ADA, again, MONDAY)
    giving_back.give_back_due(house.tokens)
    assert kept(house, old).note == giving_back.STILL_USED
    house.now = MONDAY + 2 * HOUR
    assert house.tokens.fresh(house.grant_id(Provider.GOOGLE))


def test_a_sign_in_by_mistake_is_undone_unless_that_address_is_in_use(house: House) -> None:
    mistaken = consented(Provider.GOOGLE, house.where, house.person)
    assert giving_back.undo(house.tokens, mistaken, Provider.GOOGLE)
    assert house.stand_in.book.live_grants(ADA) > 0
    disconnect(house, Provider.GOOGLE)
    assert giving_back.undo(house.tokens, mistaken, Provider.GOOGLE)
    assert house.stand_in.book.live_grants(ADA) == 0


def test_a_lane_is_woken_when_its_address_changes(house: House) -> None:
    house.now = MONDAY + 2 * HOUR
    house.stand_in.book.revoke_all(ADA)
    trouble_of(house, Provider.GOOGLE)
    with house.database.read() as session:
        woken = session.scalar(
            select(func.count()).where(Lane.mailbox_id == house.mailboxes[Provider.GOOGLE], Lane.wake_at <= house.now)  # type: ignore[operator]
        )
    assert woken == 1
