"""Whatever people type, no page reads it as markup: every page is opened on a workspace in which every text is hostile."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from streamlit.testing.v1 import AppTest

from engine.desk import Actor
from pages.registry import PAGES
from storage.kinds import CampaignState, LeadState, Role, SuppressionKind
from storage.tables import Suppression, User
from tests import makers
from tests.makers import MONDAY
from tests.panel import Panel

# Each piece is what Markdown, Streamlit's colours and formulas, or HTML would do something with.
HOSTILE = "*hot*[lin](http://evil.test)$x$:red[hue]<i>tag</i>`c`"
MARKS = ("*hot*", "[lin](", "$x$", ":red[hue", "`c`")
QUERIES: dict[str, tuple[dict[str, Any], ...]] = {
    "identity": ({"section": "contact"}, {"section": "email"}, {"section": "activity"}),
    "campaign": ({"tab": "Steps"}, {"tab": "Leads"}, {"tab": "Launch"}),
    "lead": ({},),
}
# What these hold is shown as it is: table cells, code, fields to type in, plain text. HTML is looked at by itself.
PLAIN = {"arrowDataFrame", "arrow_data_frame", "code", "text", "textInput", "textArea", "iframe"}
_VALUES = {"value", "options", "default", "setValue", "placeholder", "rawValue"}


@pytest.fixture
def hostile(panel: Panel) -> tuple[int, Actor]:
    with panel.database.write() as session:
        client = makers.workspace(session, name=HOSTILE)
        ada = makers.identity(session, client.id, first_name=HOSTILE, last_name="L", job_title=HOSTILE, phone=HOSTILE)
        makers.mailbox(session, ada, display_name=HOSTILE, signature=HOSTILE, state_note=HOSTILE)
        campaign = makers.campaign(session, ada, 2, name=HOSTILE, state=CampaignState.DRAFT, launched_at=None)
        fields = {"note": HOSTILE, HOSTILE: HOSTILE}
        makers.lead(session, campaign, first_name=HOSTILE, company=HOSTILE, job_title=HOSTILE, fields=fields)
        makers.lead(session, campaign, first_name=HOSTILE, company=HOSTILE, state=LeadState.FAILED)
        why = {"why": HOSTILE, "since": MONDAY}
        session.add(Suppression(workspace_id=client.id, kind=SuppressionKind.ADDRESS, value="ada@acme.test", **why))
        admin = makers.member(session, client.id, Role.ADMIN)
        owner = session.get_one(User, admin.user_id)
        owner.name, owner.is_owner = HOSTILE, True
        makers.desk(session, client.id).audit("identity.changed", "identity:1", new={"name": HOSTILE}, identity_id=ada.id)
        return client.id, Actor(admin.user_id, admin.label, is_owner=True)


def test_no_page_reads_a_person_s_text_as_markup(panel: Panel, hostile: tuple[int, Actor]) -> None:
    workspace, actor = hostile
    found: list[str] = []
    for slug in PAGES:
        for query in QUERIES.get(slug, ({},)):
            page = panel.open(slug, actor, workspace, id=1, **query)
            assert not page.exception, slug
            found += [f"{slug} {query}: {one}" for one in read_as_markup(page)]
    assert not found


def read_as_markup(page: AppTest) -> Iterator[str]:
    for kind, proto in elements(page._tree):
        if kind in PLAIN:
            continue
        said = json.dumps(without_values(proto), ensure_ascii=False)
        if kind == "html":
            if "<i>tag" in said:
                yield f"{kind}: {said[:300]}"
        elif any(mark in said.replace("\\\\", "\\") for mark in MARKS):
            yield f"{kind}: {said[:300]}"


def elements(node: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    proto = getattr(node, "proto", None)
    if proto is not None:
        yield node.type, MessageToDict(proto)
    for child in getattr(node, "children", {}).values():
        yield from elements(child)


def without_values(proto: Any) -> Any:
    if isinstance(proto, dict):
        return {key: without_values(value) for key, value in proto.items() if key not in _VALUES}
    return [without_values(one) for one in proto] if isinstance(proto, list) else proto
