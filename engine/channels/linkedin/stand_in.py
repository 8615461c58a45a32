"""Leads LinkedIn's host to a stand-in on this computer, for practice and tests; nothing else is let through."""

from collections.abc import Callable
from http.client import HTTPConnection
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Route

_SECONDS = 20.0


def leading_to(address: str) -> Callable[[BrowserContext], None]:
    """What a driver's `arrange` does; ValueError unless the address is this computer's own."""
    base = urlsplit(address)
    host, port = base.hostname, base.port
    if host not in ("127.0.0.1", "::1", "localhost") or port is None:
        raise ValueError("The stand-in for LinkedIn must be an address of this computer, with its port.")

    def answer(route: Route) -> None:
        parts = urlsplit(route.request.url)
        if parts.hostname != "www.linkedin.com":
            route.abort()
            return
        connection = HTTPConnection(host, port, timeout=_SECONDS)
        try:
            where = f"{parts.path}{f'?{parts.query}' if parts.query else ''}"
            connection.request("GET", where, headers={"Cookie": route.request.all_headers().get("cookie", "")})
            given = connection.getresponse()
            # Playwright takes several cookies as lines of one header.
            cookies = "\n".join(given.headers.get_all("Set-Cookie", []))
            headers = {"Content-Type": given.headers.get("Content-Type", ""), **({"Set-Cookie": cookies} if cookies else {})}
            route.fulfill(status=given.status, headers=headers, body=given.read())
        except OSError:
            route.abort()
        finally:
            connection.close()

    def arrange(context: BrowserContext) -> None:
        context.route("**/*", answer)

    return arrange
