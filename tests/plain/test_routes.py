"""The plain pages over HTTP: first start, signing in and out, invitations, downloads, photos, health."""

import httpx
import pytest

from engine import clock, sessions
from storage.kinds import Role
from storage.tables import Invitation, User, UserSession
from tests import makers
from tests.live import OWNER_EMAIL, PASSWORD, LivePanel, form_token
from tests.people.conftest import HERE

GOOD = "eleven cobalt geese whistle"


def sign_in(live: LivePanel, password: str = PASSWORD, following: str = "/") -> tuple[httpx.Client, httpx.Response]:
    client = live.client()
    fields = {"email": OWNER_EMAIL, "password": password, "next": following}
    return client, client.post("/sign-in", data={**fields, "form_token": form_token(client, "/sign-in")})


def test_the_first_start_is_over_once_there_is_an_owner(live: LivePanel, owner: httpx.Client) -> None:
    client = live.client()
    assert client.get("/welcome").headers["location"] == "/sign-in"
    fields = {"name": "Mallory", "email": "m@evil.test", "password": GOOD, "workspace": "Evil"}
    token = form_token(client, "/sign-in")
    assert client.post("/welcome", data={**fields, "form_token": token}).headers["location"] == "/sign-in"
    with live.database().read() as session:
        assert session.query(User).count() == 1


def test_the_cookie_is_out_of_a_script_s_reach_and_stays_on_this_site(live: LivePanel, owner: httpx.Client) -> None:
    _, answer = sign_in(live, following="/identity?id=77")
    cookie = next(one for one in answer.headers.get_list("set-cookie") if "session" in one)
    assert answer.headers["location"] == "/identity?id=77"
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie


def test_each_sign_in_is_a_session_of_its_own_and_signing_out_ends_one(live: LivePanel, owner: httpx.Client) -> None:
    first, _ = sign_in(live)
    second, _ = sign_in(live)
    assert set(first.cookies.values()).isdisjoint(second.cookies.values())
    first.post("/sign-out", data={"form_token": form_token(first, "/sign-out")})
    assert first.get("/").status_code == 303
    assert second.get("/").status_code == 200


def test_signing_out_drops_a_stolen_copy_of_the_cookie_too(live: LivePanel, owner: httpx.Client) -> None:
    client, _ = sign_in(live)
    stolen = httpx.Client(base_url=live.address, cookies=dict(client.cookies), headers={"Accept": "text/html"})
    assert stolen.get("/").status_code == 200
    client.post("/sign-out", data={"form_token": form_token(client, "/sign-out")})
    assert stolen.get("/").status_code == 303


def test_a_wrong_password_keeps_the_address_and_not_the_password(live: LivePanel, owner: httpx.Client) -> None:
    _, answer = sign_in(live, "not the right one <script>")
    assert answer.status_code == 401
    assert f'value="{OWNER_EMAIL}"' in answer.text
    assert "not the right one" not in answer.text
    sign_in(live)  # a success ends the row of failures


def test_an_invitation_link_makes_a_user_who_is_signed_in(live: LivePanel, owner: httpx.Client) -> None:
    token = "a-token-that-this-test-knows"
    with live.database().write() as session:
        session.add(invitation(token))
    client = live.client()
    page = client.get(f"/invitation/{token}")
    assert "Join Acme" in page.text
    fields = {"name": "<b>Nora</b>", "password": GOOD, "form_token": form_token(client, f"/invitation/{token}")}
    assert client.post(f"/invitation/{token}", data=fields).headers["location"] == "/"
    assert client.get("/").status_code == 200
    assert live.client().get(f"/invitation/{token}").status_code == 410


def invitation(token: str) -> Invitation:
    return Invitation(
        token_hash=sessions.digest(token),
        email="nora@agency.test",
        workspace_id=1,
        role=Role.MANAGER,
        invited_by=1,
        created_at=clock.now(),
        expires_at=clock.now() + sessions.ends().absolute,
    )


def test_the_audit_log_downloads_for_who_may_and_for_nobody_else(live: LivePanel, owner: httpx.Client) -> None:
    answer = owner.get("/download/audit-log.csv?w=1&what=workspace.created")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert answer.headers["cache-control"] == "no-store"
    assert "workspace.created" in answer.text
    for path in ("/download/audit-log.csv?w=99", "/download/nothing.csv?w=1", "/photo/88888?w=1", "/photo/99999?w=99"):
        assert owner.get(path).status_code == 404, path
    assert owner.get("/download/audit-log.csv?w=1&zone=../../etc/passwd").status_code == 422
    assert owner.get("/download/audit-log.csv?w=1&first=yesterday").status_code == 422


def test_health_says_words_to_anybody_and_sentences_to_who_is_signed_in(live: LivePanel, owner: httpx.Client) -> None:
    told = live.client().get("/health").json()
    assert set(told) == {"status", "panel", "worker", "database", "clock", "disk"}
    assert set(told.values()) <= {"ok", "degraded"}
    sentences = owner.get("/health").json()["sentences"]
    assert sentences["database"] == "The database answers."


def test_a_disabled_user_is_out_at_the_next_request(live: LivePanel, owner: httpx.Client) -> None:
    with live.database().write() as session:
        someone = makers.user(session)
        token = sessions.begin(session, someone.id, HERE, clock.now())
    client = live.client()
    client.cookies.set(f"outpost-session-{live.port}", token)
    assert client.get("/").status_code == 200
    with live.database().write() as session:
        session.get_one(User, someone.id).disabled_at = clock.now()
    assert client.get("/").status_code == 303
    with live.database().read() as session:
        assert session.get_one(UserSession, sessions.digest(token)).ended_at is None  # the user's state is enough


def is_page_with(answer: httpx.Response, status: int, sentence: str) -> bool:
    is_page = answer.headers["content-type"].startswith("text/html") and "<h1>" in answer.text
    return answer.status_code == status and is_page and sentence in answer.text


FORM = "application/x-www-form-urlencoded"
NO_FORMS = (
    (b'{"email": "a"}', "application/json"),
    (b"xx", "multipart/form-data"),
    (b"--a\r\nxx", "multipart/form-data; boundary=a"),
    (b"&".join(b"f%d=x" % number for number in range(60)), FORM),
    (b"email=" + b"x" * 100_000, FORM),
    (b"email=%ff%fe&password=\xff&form_token=%ed%a0%80", FORM),
    (
        b'--a\r\nContent-Disposition: form-data; name="email"; filename="x"\r\n\r\ny\r\n--a--\r\n',
        "multipart/form-data; boundary=a",
    ),
)


@pytest.mark.parametrize(("body", "kind"), NO_FORMS)
def test_what_is_no_form_of_ours_gets_the_form_again(live: LivePanel, owner: httpx.Client, body: bytes, kind: str) -> None:
    for path in ("/sign-in", "/sign-in/code"):
        answer = live.client().post(path, content=body, headers={"Content-Type": kind})
        assert is_page_with(answer, 401, "Please send it again."), (path, answer.text)
    assert is_page_with(live.client().post("/sign-out", content=body, headers={"Content-Type": kind}), 403, "send it again")
    for path in ("/invitation/x", "/reset/x"):
        answer = live.client().post(path, content=body, headers={"Content-Type": kind})
        assert is_page_with(answer, 410, "does not work any more"), path


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/nothing", 404, "There is no page at this address."),
        ("/today/nothing", 404, "There is no page at this address."),
        ("/photo/abc?w=1", 404, "There is no page at this address."),
        ("/photo/99999999999999999999999?w=1", 404, "you have no access to it"),
        ("/download/nothing.csv?w=1", 404, "There is no such download."),
        ("/download/audit-log.csv?w=1&first=yesterday", 422, "The address of this download is not right."),
        ("/download/audit-log.csv?w=1&last=9999-12-31", 422, "The address of this download is not right."),
        ("/download/quotas.csv?w=1&period=x", 422, "The address of this download is not right."),
        ("/download/quotas.csv?w=1&identity=x", 422, "The address of this download is not right."),
        ("/download/quotas.csv?w=x", 404, "you have no access to it"),
        ("/sign-in/code", 405, "Nothing can be sent to this address."),
    ],
)
def test_an_address_that_leads_nowhere_is_a_page_with_a_sentence(
    owner: httpx.Client, path: str, status: int, sentence: str
) -> None:
    answer = owner.get(path)
    assert is_page_with(answer, status, sentence), answer.text
    program = owner.get(path, headers={"Accept": "*/*"})
    assert "<" not in program.text or program.status_code == 200  # Streamlit's own file for what no browser asks for


def test_a_method_that_an_address_does_not_take_gets_a_sentence(live: LivePanel, owner: httpx.Client) -> None:
    for method, path in (
        ("PUT", "/download/audit-log.csv"),
        ("POST", "/photo/1"),
        ("POST", "/today"),
        ("DELETE", "/health"),
    ):
        answer = owner.request(method, path)
        assert is_page_with(answer, 405, "Nothing can be sent to this address."), (method, path, answer.text)
    assert live.client().put("/sign-in").status_code == 401


@pytest.mark.parametrize("size", [100_000, 3_000_000])
def test_an_oversized_form_is_answered_and_not_kept(live: LivePanel, owner: httpx.Client, size: int) -> None:
    client = live.client()
    fields = {"email": "x" * size, "password": "y" * size, "form_token": form_token(client, "/sign-in")}
    assert client.post("/sign-in", data=fields).status_code == 401
