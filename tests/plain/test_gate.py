"""Nobody without a session gets anything but the way in; nobody from another site gets in at all."""

from collections.abc import Iterator

import anyio
import httpx
import pytest
from starlette.types import Receive, Scope, Send
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from pages.plain import routes
from pages.plain.forms import inside
from pages.plain.gate import Gate
from pages.registry import PAGES
from tests.live import OWNER_EMAIL, PASSWORD, LivePanel, form_token
from tests.panel import Panel

HEADERS = {
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
PRIVATE = [
    *("/media/x.png", "/_stcore/health", "/_stcore/host-config", "/_stcore/metrics", "/_stcore/agent/openapi.json"),
    *("/static/js/index.js", "/download/audit-log.csv?w=1", "/photo/1", "/healthz", "/health/", "/look/../app.py"),
    *("/look/inter-LICENSE.txt", "/sign-in/x", "/welcomes", "/invitation/a/b", "/component/x/y", "/favicon.ico"),
]


@pytest.mark.parametrize("slug", ["", *PAGES])
def test_a_page_asked_first_on_a_fresh_server_is_the_way_in(fresh: LivePanel, slug: str) -> None:
    answer = fresh.client().get(f"/{slug}?id=1")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")
    assert not answer.text


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivePanel]:
    panel = LivePanel(tmp_path_factory.mktemp("fresh"), {"OUTPOST_WORKER": "off"}).start()
    yield panel
    panel.stop()


@pytest.mark.parametrize(
    ("asked", "leads_to"),
    [("/today?w=1", "/?w=1"), ("/today", "/"), ("/identities/?state=ok", "/identities?state=ok"), ("/today/", "/")],
)
def test_a_page_is_found_by_its_name_too(owner: httpx.Client, asked: str, leads_to: str) -> None:
    """Streamlit alone would show its own message about files over the first page."""
    answer = owner.get(asked)
    assert (answer.status_code, answer.headers["location"]) == (303, leads_to)


@pytest.mark.parametrize("path", PRIVATE)
def test_files_and_data_are_refused_without_a_session(live: LivePanel, path: str) -> None:
    answer = httpx.get(f"{live.address}{path}", headers={"Accept": "*/*"})
    assert answer.status_code == 401
    assert answer.text == "Sign in first."


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_an_upload_without_a_session_is_refused(live: LivePanel, method: str) -> None:
    assert httpx.request(method, f"{live.address}/_stcore/upload_file/a/b").status_code == 401


@pytest.mark.parametrize("path", ["/", "/sign-in", "/health", "/look/panel.css", "/media/x", "/_stcore/stream"])
def test_every_answer_carries_the_security_headers(live: LivePanel, path: str) -> None:
    answer = live.client().get(path)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self';" in policy


def stream(live: LivePanel, cookie: str = "", origin: str | None = None) -> int:
    """The status a websocket's handshake ends with."""
    headers = {"Cookie": cookie} if cookie else {}
    try:
        with connect(
            f"ws://127.0.0.1:{live.port}/_stcore/stream",
            origin=origin or live.address,  # type: ignore[arg-type]
            additional_headers=headers,
            proxy=None,
        ):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def test_a_websocket_needs_a_session_and_our_own_origin(live: LivePanel, owner: httpx.Client) -> None:
    good = "; ".join(f"{name}={value}" for name, value in owner.cookies.items())
    assert stream(live) == 403
    assert stream(live, f"outpost-session-{live.port}=made-up") == 403
    assert stream(live, good, "https://evil.test") == 403
    assert stream(live, good, "null") == 403
    assert stream(live, good) == 101


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "http://127.0.0.1:1", "http://[", ""])
def test_a_form_from_another_site_is_refused(live: LivePanel, origin: str) -> None:
    client = live.client()
    fields = {"email": OWNER_EMAIL, "password": PASSWORD, "form_token": form_token(client, "/sign-in")}
    assert client.post("/sign-in", data=fields, headers={"Origin": origin}).status_code == 403


def test_a_form_without_its_token_signs_nobody_in(live: LivePanel, owner: httpx.Client) -> None:
    client = live.client()
    answer = client.post("/sign-in", data={"email": OWNER_EMAIL, "password": PASSWORD})
    assert "in another browser" in answer.text
    assert f"outpost-session-{live.port}" not in client.cookies


@pytest.mark.parametrize("host", ["evil.test", "169.254.169.254", "127.0.0.1.evil.test", "", "[::1", "a b"])
def test_another_host_s_name_is_refused(live: LivePanel, host: str) -> None:
    answer = httpx.get(f"{live.address}/sign-in", headers={"Host": host})
    assert answer.status_code in (400, 421)


def test_the_favicon_does_not_touch_the_form_s_cookie(live: LivePanel, owner: httpx.Client) -> None:
    client = live.client()
    token = form_token(client, "/sign-in")
    client.get("/favicon.ico", headers={"Accept": "image/*"})
    client.get("/sign-in")
    answer = client.post("/sign-in", data={"email": OWNER_EMAIL, "password": PASSWORD, "form_token": token})
    assert answer.status_code == 303


def test_what_breaks_behind_the_gate_is_a_page_with_a_reference(panel: Panel) -> None:
    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError("the secret nineteen")

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=Gate(broken, routes.PUBLIC, routes.PRIVATE))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.get("/sign-in", headers={"Accept": "text/html"})

    answer = anyio.run(ask)
    assert (answer.status_code, answer.headers["x-frame-options"]) == (500, "DENY")
    assert "give the reference" in answer.text
    assert "nineteen" not in answer.text


@pytest.mark.parametrize(
    ("asked", "followed"),
    [
        ("/identity?id=77&w=1", "/identity?id=77&w=1"),
        ("//evil.test", "/"),
        ("/\\evil.test", "/"),
        ("https://evil.test", "/"),
        ("javascript:alert(1)", "/"),
        ("/\r\nSet-Cookie: a=b", "/"),
        ("/sign-out", "/"),
        ("", "/"),
    ],
)
def test_signing_in_leads_nowhere_but_into_the_panel(asked: str, followed: str) -> None:
    assert inside(asked) == followed
