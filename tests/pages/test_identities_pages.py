"""The identities' pages as a person uses them: with data, with none, with awkward names, with little right."""

from dataclasses import dataclass

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from engine.desk import Actor
from storage.kinds import MailboxState, Role
from storage.tables import Audit, Holiday, Identity
from tests import makers
from tests.panel import Panel

AWKWARD = [
    "a" * 300,
    "🤖🚀 Émile",
    "עדה לאבלייס",
    "<b onclick=alert(1)>Ada</b>",
    "=cmd()",
    "**x** [y](http://z.test) :red[r]",
]


@dataclass
class Client:
    """A workspace with a manager, an ops and an empty list of identities."""

    id: int
    manager: Actor
    ops: Actor


@pytest.fixture
def client(panel: Panel) -> Client:
    with panel.database.write() as session:
        made = makers.workspace(session, name="Acme")
        manager, ops = (makers.member(session, made.id, role) for role in (Role.MANAGER, Role.OPS))
        return Client(made.id, manager, ops)


@pytest.fixture
def ada(panel: Panel, client: Client) -> Identity:
    with panel.database.write() as session:
        made = makers.identity(session, client.id, first_name="Ada", last_name="Lovelace", job_title="Head of Growth")
        makers.mailbox(session, made, address="ada@acme.test")
        return made


def written(page: AppTest) -> str:
    """All that the page says, whatever it says it with."""
    parts = [*page.title, *page.subheader, *page.markdown, *page.caption, *page.info, *page.error, *page.metric]
    texts = [str(part.value) for part in parts]
    texts += [str(part.proto.body) for part in page.get("html")]
    texts += [str(part.proto.label) for part in page.get("page_link")]
    return "\n".join(texts)


def press(page: AppTest, label: str) -> AppTest:
    return next(button for button in page.button if button.label == label).click().run()


def fill(page: AppTest, label: str, text: str) -> None:
    next(field for field in page.text_input if field.label == label).set_value(text)


def test_an_empty_dashboard_has_one_sentence_and_the_button_that_comes_next(panel: Panel, client: Client) -> None:
    page = panel.open("identities", client.manager, client.id)
    assert "There is none in this workspace yet" in written(page)
    assert not page.exception
    assert press(page, "Add the first identity").title[0].value == "Add an identity manually"


def test_ops_see_an_empty_dashboard_without_a_button_they_may_not_press(panel: Panel, client: Client) -> None:
    page = panel.open("identities", client.ops, client.id)
    assert "a manager can add one" in written(page)
    assert "Add the first identity" not in [button.label for button in page.button]


def test_a_card_shows_who_it_is_what_is_connected_and_what_is_spent(panel: Panel, client: Client, ada: Identity) -> None:
    shown = written(panel.open("identities", client.ops, client.id))
    for part in ("Ada Lovelace", "Head of Growth", "Madrid 11:00", "connected", "0 / 50", "nothing planned", "1–1 of 1"):
        assert part in shown


@pytest.mark.parametrize("view", ["Cards", "Table"])
@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_names_are_text_on_the_dashboard_and_on_their_page(
    panel: Panel, client: Client, name: str, view: str
) -> None:
    with panel.database.write() as session:
        made = makers.identity(session, client.id, first_name=name, last_name="", job_title=name)
    for page in (
        panel.open("identities", client.manager, client.id, view=view),
        panel.open("identity", client.manager, client.id, id=made.id),
    ):
        assert not page.exception
        assert not page.error
        assert "<b onclick" not in "".join(str(part.proto.body) for part in page.get("html"))


def test_filters_are_read_from_the_url(panel: Panel, client: Client, ada: Identity) -> None:
    with panel.database.write() as session:
        broken = makers.identity(session, client.id, first_name="Broken", last_name="")
        makers.mailbox(session, broken, state=MailboxState.RECONNECT_NEEDED)
    shown = written(panel.open("identities", client.ops, client.id, state="Needs attention"))
    assert "Broken" in shown
    assert "Ada" not in shown
    shown = written(panel.open("identities", client.ops, client.id, find="lovelace"))
    assert "Ada" in shown
    assert "Broken" not in shown


def test_a_filter_that_fits_nobody_offers_the_way_back(panel: Panel, client: Client, ada: Identity) -> None:
    page = panel.open("identities", client.ops, client.id, find="nobody")
    assert "No identity fits these filters." in written(page)
    assert "Ada Lovelace" in written(press(page, "Show all identities"))


def test_a_page_beyond_the_end_shows_the_last_one(panel: Panel, client: Client) -> None:
    with panel.database.write() as session:
        for number in range(30):
            makers.identity(session, client.id, first_name=f"P{number:02}", last_name="")
    page = panel.open("identities", client.ops, client.id, page=99)
    assert not page.exception
    assert "26–30 of 30" in written(page)


def test_an_identity_is_added_and_its_page_opens(panel: Panel, client: Client) -> None:
    page = panel.open("new-identity", client.manager, client.id)
    for label, text in (
        ("First name", "Grace"),
        ("Last name", "Hopper"),
        ("LinkedIn URL", "https://linkedin.com/in/Grace/"),
    ):
        fill(page, label, text)
    page = press(page, "Add identity")
    assert page.title[0].value == "Grace Hopper"
    with panel.database.read() as session:
        made = session.scalars(select(Identity)).one()
        assert (made.linkedin_url, made.created_by) == ("linkedin.com/in/grace", client.manager.user_id)


def test_a_wrong_entry_gets_its_sentence_and_nothing_entered_is_lost(panel: Panel, client: Client) -> None:
    page = panel.open("new-identity", client.manager, client.id)
    fill(page, "First name", "Grace")
    fill(page, "E-mail", "grace@")
    page = press(page, "Add identity")
    assert "not an e-mail address" in page.error[0].value
    assert [field.value for field in page.text_input if field.label in ("First name", "E-mail")] == ["Grace", "grace@"]
    with panel.database.read() as session:
        assert session.scalars(select(Identity)).all() == []


def test_an_identity_out_of_reach_looks_like_one_that_does_not_exist(panel: Panel, client: Client) -> None:
    with panel.database.write() as session:
        theirs = makers.identity(session, makers.workspace(session).id, first_name="Secret")
    for asked in (theirs.id, 999_999, "x", "", "9" * 30):
        page = panel.open("identity", client.manager, client.id, id=asked)
        assert not page.exception
        assert "This identity does not exist, or you have no access to it." in written(page)
        assert "Secret" not in written(page)


def test_contact_details_are_saved(panel: Panel, client: Client, ada: Identity) -> None:
    page = panel.open("identity", client.manager, client.id, id=ada.id)
    fill(page, "Job title", "CEO")
    page = press(page, "Save contact details")
    assert not page.error
    assert "CEO · 11:00 in Madrid" in written(page)
    with panel.database.read() as session:
        assert session.scalars(select(Audit.what).order_by(Audit.id.desc())).first() == "identity.contact_edited"


def test_the_second_to_save_is_told_sees_what_is_saved_and_may_overwrite_it(
    panel: Panel, client: Client, ada: Identity
) -> None:
    page = panel.open("identity", client.manager, client.id, id=ada.id)
    with panel.database.write() as session:
        other = session.get_one(Identity, ada.id)
        other.job_title, other.version = "Chief of Staff", other.version + 1
    fill(page, "Job title", "CEO")
    page = press(page, "Save contact details")
    assert "Somebody changed this identity meanwhile" in page.error[0].value
    assert "Chief of Staff" in page.info[0].value
    assert [field.value for field in page.text_input if field.label == "Job title"] == ["CEO"]
    page = press(page, "Save contact details")
    assert not page.error
    with panel.database.read() as session:
        assert session.get_one(Identity, ada.id).job_title == "CEO"


def test_saving_hours_is_no_conflict_for_the_other_form_of_the_same_page(
    panel: Panel, client: Client, ada: Identity
) -> None:
    page = panel.open("identity", client.manager, client.id, id=ada.id)
    fill(page, "Job title", "CEO")
    next(box for box in page.selectbox if box.label.startswith("Time zone")).set_value("Asia/Tokyo")
    page = press(page, "Save working hours")
    assert not page.error
    assert "in Tokyo" in written(page)
    fill(page, "Job title", "CEO")
    assert not press(page, "Save contact details").error


def test_hours_without_a_day_get_a_sentence(panel: Panel, client: Client, ada: Identity) -> None:
    page = panel.open("identity", client.manager, client.id, id=ada.id)
    next(group for group in page.button_group if group.label == "Active days").set_value([])
    page = press(page, "Save working hours")
    assert "No day is active" in page.error[0].value


def test_an_own_holiday_is_added_and_removed(panel: Panel, client: Client, ada: Identity) -> None:
    page = panel.open("identity", client.manager, client.id, id=ada.id)
    fill(page, "What for", "Local feast")
    page = press(page, "Add date")
    assert "Local feast" in written(page)
    assert "holiday" in written(page)
    page = press(page, "Remove")
    assert "Local feast" not in written(page)
    with panel.database.read() as session:
        assert session.scalars(select(Holiday)).all() == []


def test_ops_read_an_identity_and_find_nothing_to_save(panel: Panel, client: Client, ada: Identity) -> None:
    page = panel.open("identity", client.ops, client.id, id=ada.id)
    labels = [button.label for button in page.button]
    assert not [label for label in labels if label.startswith(("Save", "Add", "Archive", "Remove"))]
    assert "Stop" in labels  # that they may
    assert all(field.disabled for field in page.text_input if field.label == "First name")


@pytest.mark.parametrize("section", ["contact", "email", "activity", "linkedin", "nonsense"])
def test_every_section_opens_by_its_url(panel: Panel, client: Client, ada: Identity, section: str) -> None:
    page = panel.open("identity", client.manager, client.id, id=ada.id, section=section)
    assert not page.exception
    assert page.title[0].value == "Ada Lovelace"


def test_the_sidebar_finds_any_identity(panel: Panel, client: Client, ada: Identity) -> None:
    page = panel.open("today", client.ops, client.id)
    page.sidebar.text_input[0].set_value("love").run()
    drawn = "".join(str(part.proto.body) for part in page.sidebar.get("html"))
    assert "Ada Lovelace" in drawn
    assert f"id={ada.id}" in drawn


def test_an_identity_without_a_channel_says_so_on_every_page(panel: Panel, client: Client) -> None:
    with panel.database.write() as session:
        bare = makers.identity(session, client.id, first_name="Grace", last_name="Hopper")
    for slug, query in (("today", {}), ("identities", {}), ("identity", {"id": bare.id})):
        shown = [str(part.proto.body) for part in panel.open(slug, client.manager, client.id, **query).get("html")]
        assert "".join(shown).count("no channel connected") == 1, slug
