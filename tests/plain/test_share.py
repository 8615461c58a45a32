"""The share page over HTTP: both ways, what stays when something is wrong, and what another browser sees."""

import io
from datetime import timedelta

import httpx
import pytest
from PIL import Image

from engine import clock, sessions, share_links
from storage import key_file
from storage.kinds import LinkedInSignInState, LinkedInState
from storage.tables import Identity, LinkedInSignIn, Photo, ShareLink
from tests import makers
from tests.live import LivePanel, form_token

pytestmark = pytest.mark.usefixtures("owner")


def link(live: LivePanel, token: str, state: LinkedInState = LinkedInState.NEVER) -> int:
    now = clock.now()
    with live.database().write() as session:
        made = makers.identity(session, 1, first_name="Gracie", last_name="", linkedin_state=state)
        common = {"workspace_id": 1, "identity_id": made.id, "created_at": now, "created_by": "olga"}
        session.add(ShareLink(**common, token_hash=sessions.digest(token), expires_at=now + timedelta(hours=24)))
        return made.id


def send(client: httpx.Client, path: str, photo: bytes = b"", **fields: str) -> httpx.Response:
    given = {"what": "fill_in", "form_token": form_token(client, f"{path}?way=manually"), **fields}
    return client.post(path, data=given, files={"photo": ("me.jpg", photo, "image/jpeg")})


def portrait() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (600, 400), "teal").save(out, "JPEG")
    return out.getvalue()


def test_filled_in_by_hand_from_the_form_to_the_thanks(live: LivePanel) -> None:
    identity_id, client = link(live, "by-hand"), live.client()
    answer = send(client, "/share/by-hand", portrait(), first_name="Grace", last_name="Hopper", job_title="Rear Admiral")
    assert answer.status_code == 303
    assert "has your details" in client.get("/share/by-hand").text
    with live.database().read() as session:
        grace = session.get_one(Identity, identity_id)
        assert (grace.name, grace.job_title) == ("Grace Hopper", "Rear Admiral")
        assert session.get_one(Photo, identity_id).content.startswith(b"RIFF")
    other = live.client().get("/share/by-hand").text
    assert "used already" in other
    assert "Grace" not in other


def test_what_was_entered_stays_beside_the_sentence_and_nothing_is_used_up(live: LivePanel) -> None:
    link(live, "kept")
    client = live.client()
    answer = send(client, "/share/kept", first_name='Gr"ace <b>', email="no address", accepts="yes")
    assert answer.status_code == 422
    assert "is not an e-mail address" in answer.text
    assert 'value="Gr&#34;ace &lt;b&gt;"' in answer.text
    assert 'value="no address"' in answer.text
    assert 'value="yes" checked' in answer.text
    assert send(client, "/share/kept", first_name="Grace").status_code == 303


def test_only_a_new_identity_s_link_offers_the_manual_way(live: LivePanel) -> None:
    link(live, "first-time")
    link(live, "once-more", LinkedInState.LOGGED_OUT)
    assert "?way=manually" in live.client().get("/share/first-time").text
    page = live.client().get("/share/once-more?way=manually").text
    assert "?way=manually" not in page
    assert 'name="password"' in page


def test_nothing_of_the_workspace_is_visible_but_its_name(live: LivePanel) -> None:
    link(live, "quiet")
    for way in ("", "?way=manually"):
        page = live.client().get(f"/share/quiet{way}").text
        assert "Acme" in page
        assert "Gracie" not in page
        assert "olga" not in page.lower()


def test_a_flood_is_turned_away_before_it_is_written_anywhere(live: LivePanel) -> None:
    link(live, "flood")
    client = live.client()
    answer = send(client, "/share/flood", bytes(25 * 1024 * 1024), first_name="Grace")
    assert answer.status_code == 422
    assert "send it again" in answer.text
    assert send(client, "/share/flood", first_name="Grace").status_code == 303


@pytest.mark.parametrize(
    ("state", "asked", "said"),
    [
        (
            LinkedInSignInState.CODE,
            {"hint": "ending with 42", "error": "Wrong."},
            ["ending with 42", "Wrong.", "held open for 8 min"],
        ),
        (LinkedInSignInState.APPROVE, {}, ["tap Yes", "another 8 min"]),
        (LinkedInSignInState.CONTRACT, {"options": ["Acme <b>", "Labs"]}, ['value="Acme &lt;b&gt;"', "Labs", "held open"]),
        (LinkedInSignInState.CAPTCHA, {}, ["data:image/png;base64,UE5H", "only a person", "Try again"]),
    ],
)
def test_whatever_linkedin_asks_is_asked_here_with_the_time_left(
    live: LivePanel, state: LinkedInSignInState, asked: dict[str, object], said: list[str]
) -> None:
    token, now = f"asked-{state}", clock.now()
    link(live, token)
    with live.database().write() as session:
        used = session.query(ShareLink).filter_by(token_hash=sessions.digest(token)).one()
        used.used_at = now
        begun = LinkedInSignIn(workspace_id=1, identity_id=used.identity_id, share_link_id=used.id, email="g@acme.test")
        begun.state, begun.asked, begun.asked_number = state, asked, 1
        begun.started_by, begun.started_at, begun.ends_at = "share link", now, now + timedelta(minutes=8, seconds=50)
        if state is LinkedInSignInState.CAPTCHA:
            begun.ended_at, begun.picture, begun.note = now, b"PNG", "A check that only a person can pass."
        session.add(begun)
    client = live.client()
    client.cookies.set(f"outpost-share-{live.port}", share_links.keepsake(key_file.read(live.folder / "data.key"), token))
    page = client.get(f"/share/{token}").text
    assert [words for words in said if words not in page] == []
    assert "used already" in live.client().get(f"/share/{token}").text
