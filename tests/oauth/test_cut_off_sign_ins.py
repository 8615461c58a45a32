"""What Google granted and nobody could keep: given back where that can be done, told to a person where it can't."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from engine import cut_off_sign_ins, giving_back, provider_sign_in
from engine.cut_off_sign_ins import TOLD, settle_due
from practice.oauth_answers import Answer, Call
from practice.oauth_book import Unwell
from storage.kinds import Provider
from storage.tables import Alert, Mailbox, MailGrant, ProviderApp, SignInFlow
from tests.makers import MONDAY
from tests.oauth.office import Office

ADA = "ada@acme.test"
LATER, MUCH_LATER = timedelta(minutes=3), timedelta(minutes=20)


def told(here: Office) -> list[str]:
    with here.database.read() as session:
        return list(session.scalars(select(Alert.sentence).where(Alert.cleared_at.is_(None))))


def codes(here: Office) -> int:
    with here.database.read() as session:
        return session.scalar(select(func.count()).where(SignInFlow.used_at.is_not(None), SignInFlow.flow.is_not(None))) or 0


def fails(here: Office) -> None:
    """Ada's sign-in in the state that the stand-in is in."""
    back = here.come_back(here.person.answers(here.begin(Provider.GOOGLE, ADA)))
    assert not back.is_connected
    assert "try again in some minutes" in here.result(back).sentence


def test_a_code_that_google_never_saw_is_presented_and_given_back_when_google_is_well(here: Office) -> None:
    here.stand_in.book.unwell = Unwell.BUSY
    fails(here)
    here.now += LATER
    assert (settle_due(here.tokens), codes(here), told(here)) == (1, 1, [])  # Google is still unwell: it is tried again
    here.stand_in.book.unwell = None
    assert (settle_due(here.tokens), codes(here)) == (1, 0)
    assert here.stand_in.book.live_grants(ADA) == 1
    assert giving_back.give_back_due(here.tokens) == 1
    assert (here.stand_in.book.live_grants(ADA), told(here)) == (0, [])


def test_a_code_that_one_worker_presents_is_presented_by_no_other(here: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    here.stand_in.book.unwell = Unwell.BUSY
    fails(here)
    here.stand_in.book.unwell = None
    here.now += LATER
    presented: list[str] = []
    answer = here.stand_in.answer

    def while_another_worker_looks(call: Call) -> Answer:
        presented.append(call.path)
        if len(presented) == 1:
            other = threading.Thread(target=settle_due, args=(here.tokens,))
            other.start()
            other.join(20)
        return answer(call)

    monkeypatch.setattr(here.stand_in, "answer", while_another_worker_looks)
    assert (settle_due(here.tokens), codes(here), told(here)) == (1, 0, [])
    assert (len(presented), here.stand_in.book.live_grants(ADA)) == (1, 1)


def test_a_code_whose_presenter_died_is_presented_after_two_minutes(here: Office) -> None:
    here.stand_in.book.unwell = Unwell.BUSY
    fails(here)
    here.stand_in.book.unwell = None
    here.now += LATER
    assert cut_off_sign_ins._claim(here.tokens, here.flow().id, here.now) is not None
    assert (settle_due(here.tokens), codes(here)) == (1, 1)
    here.now += timedelta(minutes=2)
    assert (settle_due(here.tokens), codes(here), told(here)) == (1, 0, [])


def test_an_answer_that_was_lost_on_the_way_is_told_and_over_with_the_next_sign_in(here: Office) -> None:
    here.stand_in.book.loses_answers = True
    fails(here)
    here.stand_in.book.loses_answers = False
    here.now += LATER
    assert (settle_due(here.tokens), told(here), codes(here)) == (1, [TOLD], 0)
    here.now = MONDAY + MUCH_LATER
    assert here.sign_in(Provider.GOOGLE, ADA).is_connected
    assert told(here) == []


def test_a_lost_answer_is_not_told_where_the_address_was_signed_in_meanwhile(here: Office) -> None:
    here.stand_in.book.loses_answers = True
    fails(here)
    here.stand_in.book.loses_answers = False
    assert here.sign_in(Provider.GOOGLE, ADA).is_connected
    here.now += LATER
    assert (settle_due(here.tokens), told(here), codes(here)) == (1, [], 0)
    with here.database.read() as session:
        assert session.scalar(select(func.count()).where(Mailbox.grant_id.is_not(None))) == 1


def test_a_code_that_turns_out_good_ends_no_sign_in_that_is_in_use(here: Office) -> None:
    here.stand_in.book.unwell = Unwell.HTML
    fails(here)
    here.stand_in.book.unwell = None
    assert here.sign_in(Provider.GOOGLE, ADA).is_connected
    here.now += LATER
    assert (settle_due(here.tokens), giving_back.give_back_due(here.tokens)) == (1, 1)
    with here.database.read() as session:
        notes = list(session.scalars(select(MailGrant.note).where(MailGrant.ended_at.is_not(None))))
    assert notes == [giving_back.STILL_USED]
    assert here.stand_in.book.live_grants(ADA) == 2


def test_google_is_asked_for_an_hour_and_then_a_person_is_told(here: Office) -> None:
    here.stand_in.book.unwell = Unwell.THROTTLED
    fails(here)
    here.now += timedelta(minutes=59)
    assert (settle_due(here.tokens), told(here)) == (1, [])
    here.now += timedelta(minutes=1)
    assert (settle_due(here.tokens), told(here)) == (1, [TOLD])
    assert settle_due(here.tokens) == 0


def test_an_app_that_was_taken_away_meanwhile_is_told_too(here: Office) -> None:
    here.stand_in.book.unwell = Unwell.BUSY
    fails(here)
    with here.database.write() as session:
        session.scalars(select(ProviderApp).where(ProviderApp.provider == Provider.GOOGLE)).one().secret = None
    here.now += LATER
    assert (settle_due(here.tokens), told(here)) == (1, [TOLD])


def test_what_is_granted_while_google_does_not_say_to_whom_is_given_back_by_the_worker(here: Office) -> None:
    here.stand_in.book.unwell, here.stand_in.book.unwell_at = Unwell.BUSY, "userinfo"
    fails(here)
    assert (codes(here), here.stand_in.book.live_grants(ADA)) == (0, 1)
    here.stand_in.book.unwell = None
    here.now += MUCH_LATER
    assert giving_back.give_back_due(here.tokens) == 1
    assert here.stand_in.book.live_grants(ADA) == 0


def test_another_person_s_sign_in_in_use_is_not_ended_by_a_mistaken_one_that_google_did_not_name(here: Office) -> None:
    grace = "grace@acme.test"
    assert here.sign_in(Provider.GOOGLE, grace).is_connected
    query = here.person.answers(here.begin(Provider.GOOGLE, ADA), email=grace)
    here.stand_in.book.unwell, here.stand_in.book.unwell_at = Unwell.BUSY, "userinfo"
    here.come_back(query)
    here.stand_in.book.unwell = None
    here.now += MUCH_LATER
    assert giving_back.give_back_due(here.tokens) == 1
    assert here.stand_in.book.live_grants(grace) == 2


def test_a_wrong_account_that_google_could_not_be_told_of_is_given_back_later(here: Office) -> None:
    query = here.person.answers(here.begin(Provider.GOOGLE, ADA), email="grace@acme.test")
    here.stand_in.book.unwell, here.stand_in.book.unwell_at = Unwell.BUSY, "revoke"
    assert "You signed in as grace@acme.test" in here.result(here.come_back(query)).sentence
    assert here.stand_in.book.live_grants("grace@acme.test") == 1
    here.stand_in.book.unwell = None
    here.now += MUCH_LATER
    assert giving_back.give_back_due(here.tokens) == 1
    assert here.stand_in.book.live_grants("grace@acme.test") == 0


def test_a_code_of_which_nobody_knows_yet_what_became_of_it_is_not_forgotten(here: Office) -> None:
    here.stand_in.book.unwell = Unwell.BUSY
    fails(here)
    with here.database.write() as session:
        provider_sign_in.forget_old(session, MONDAY + timedelta(days=8))
    assert codes(here) == 1
    here.now += timedelta(days=8)
    assert (cut_off_sign_ins.settle_due(here.tokens), told(here)) == (1, [TOLD])
    with here.database.write() as session:
        provider_sign_in.forget_old(session, here.now)
        assert session.scalar(select(func.count()).select_from(SignInFlow)) == 0
