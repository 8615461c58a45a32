"""The stand-in's state and its answers: people, invitations, conversations and sign-in, all in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import BrowserContext, Route

from practice.linkedin import markup, navigator_markup
from practice.linkedin.languages import in_language
from practice.linkedin.members import Member
from practice.linkedin.navigator import Navigator


@dataclass(frozen=True, slots=True)
class Answer:
    body: str
    signs_in: bool = False
    has_seat: bool = False  # what LinkedIn marks a seat by is set
    content_type: str = "text/html; charset=utf-8"

    def cookies(self, value: str) -> list[str]:
        names = ["li_at"] * self.signs_in + ["li_a", "li_ep_auth_context"] * self.has_seat
        return [f"{name}={value}; Path=/; Max-Age=99999" for name in names]


@dataclass(slots=True)
class Site:
    members: dict[str, Member] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)  # profiles that have another address now, by the old one
    own_slug: str = "own-account"
    own_name: str = "Olive Own"
    strangers: bool = False  # whoever is looked up exists
    language: str = "en"  # of its pages: also de, fr
    form: str = "new"  # or legacy, remembered: accounts to choose from come first
    password: str = "right horse"
    # At sign-in: sms, email, authenticator, app, denied, captcha, document, moment, comply, browser, restricted, attempts
    asks: tuple[str, ...] = ()
    contracts: tuple[str, ...] = ()  # of Sales Navigator, one of which is to be chosen
    chosen: str = ""
    code: str = "123456"
    withdrawal_lies: bool = False
    has_seat: bool = False
    navigator: Navigator = field(default_factory=Navigator)
    dead: bool = False  # the session died
    before_effect: Callable[[str, str], bool] = lambda _what, _slug: True  # whether an effect comes about
    hides_after: str = ""  # an effect after which no page can be read any more
    hidden: bool = False
    stuck: str = ""  # a path whose request never settles
    slow: str = ""  # conversations that come late, or are never shown to their beginning
    approved_after: int = 1  # polls of the page that waits for a tap in the app
    polls: int = 0
    submitted: int = 0
    done: list[tuple[str, str]] = field(default_factory=list)  # every effect: (what, slug)

    def arrange(self, context: BrowserContext) -> None:
        context.route("**/*", lambda route: self._route(route))

    def _route(self, route: Route) -> None:
        parts = urlsplit(route.request.url)
        if self.stuck and parts.path.startswith(self.stuck):
            return
        answer = self.answer(parts.path, {key: values[0] for key, values in parse_qs(parts.query).items()})
        headers = {"set-cookie": "\n".join(answer.cookies("x"))} if answer.cookies("x") else None
        route.fulfill(status=200, content_type=answer.content_type, body=answer.body, headers=headers)

    def answer(self, path: str, query: dict[str, str]) -> Answer:
        """The page at a path, or what a page's own script asked to be done."""
        if self.hidden:
            return Answer(markup.frame("<main><p>Something went wrong</p></main>"))
        if path.startswith("/profile-display"):
            return Answer(markup.portrait(self.own_name if "photo" in path else ""), content_type="image/svg+xml")
        if path.startswith("/do/"):
            return Answer(self._do(path[4:], query))
        where = self._led(path)
        body = self._page(where, query)
        if where != path:  # a routed answer that redirects would leave the routing, so the page moves itself
            body += f"<script>history.replaceState(null, '', '{where}')</script>"
        return Answer(in_language(body, self.language), signs_in=path == "/feed/", has_seat=where.startswith("/sales/"))

    def _led(self, path: str) -> str:
        if self.dead and not path.startswith("/login"):
            return "/login"
        if path == "/in/me/":
            return f"/in/{self.own_slug}/"
        slug = path.strip("/").split("/")[1] if path.startswith("/in/") else ""
        if slug in self.moved:
            return f"/in/{self.moved[slug]}/"
        if slug and not self._knows(slug):
            return "/404/"
        if path.startswith("/sales/") and not self.has_seat:
            return "/premium/"
        asks = self.navigator.asks_for_contract and path.startswith("/sales/")
        return "/sales/contract-chooser" if asks else path

    def member(self, slug: str) -> Member:
        """The person at this address, who exists from now on."""
        name = " ".join(part.capitalize() for part in slug.split("-") if part)
        return self.members.setdefault(slug, Member(slug, name, heading="h1"))

    def _knows(self, slug: str) -> bool:
        if self.strangers and slug != self.own_slug:
            self.member(slug)
        return slug in self.members or slug == self.own_slug

    def _page(self, path: str, query: dict[str, str]) -> str:
        slug = path.strip("/").split("/")[-1]
        if path == "/login":
            return markup.login(self.form)
        if path == "/sales/contract-chooser":
            return markup.contracts(self.contracts)
        if path.startswith("/checkpoint/"):
            return markup.checkpoint(slug)
        if path == f"/in/{self.own_slug}/":
            return markup.own(self.own_slug, self.own_name)
        if path.startswith("/in/"):
            return markup.profile(self.members[slug])
        if path.startswith("/preload/custom-invite"):
            return markup.profile(self.members[query["vanityName"]], opened=True)
        if path.startswith("/mynetwork/invitation-manager/sent"):
            return markup.sent([m for m in self.members.values() if m.state == "pending"])
        if path.startswith("/mynetwork/invite-connect/connections"):
            return markup.connections([m for m in self.members.values() if m.state == "connected"])
        if path.rstrip("/") == "/messaging":
            return markup.inbox([m for m in self.members.values() if m.events and m.events[-1][0] == "other"])
        if path.startswith("/messaging/compose"):
            return markup.thread(self.members[query["recipient"]], self.slow)
        return self._sales(path, query) or markup.frame("<main><p>Start</p></main>")

    def _sales(self, path: str, query: dict[str, str]) -> str:
        if not path.startswith(("/sales/search/", "/sales/lists/", "/sales/lead/")):
            return ""
        self.navigator.before_page(path)
        self.navigator.opened.append(path)
        if self.navigator.unknown:
            return navigator_markup.unknown()
        if self.navigator.hides:
            return navigator_markup.not_shown()
        one = self.navigator.person(path)
        if one is not None:
            return navigator_markup.person(self.navigator, one)
        return navigator_markup.results(self.navigator, int(query.get("page", 1)))

    def _do(self, what: str, query: dict[str, str]) -> str:
        if what == "submit":
            self.submitted += 1
            return self._next() if query["password"] == self.password else "wrong"
        if what == "resend":
            self.code = self.code[::-1]  # only the newest one is good
            return ""
        if what == "agree":
            return self._answered(self.code)
        if what == "contract":
            self.chosen, self.navigator.asks_for_contract = query["name"], False
            return ""
        if what == "code":
            return self._answered(query["code"])
        if what == "poll":
            self.polls += 1
            if self.asks[:1] == ("denied",):
                return "/login"
            return self._answered(self.code) if self.polls > self.approved_after else ""
        member = self.members[query["slug"]]
        if member.lies != "no" and self.before_effect(what, member.slug):
            self._change(what, member, query)
        return ""

    def _change(self, what: str, member: Member, query: dict[str, str]) -> None:
        if what == "withdraw" and self.withdrawal_lies:
            return
        self.done.append((what, member.slug))
        self.hidden = what == self.hides_after
        if what == "message":
            member.events.append(("own", query["text"]))
        else:
            member.state = {"invite": "pending", "accept": "connected", "withdraw": "cool_down"}[what]

    def _next(self) -> str:
        elsewhere = {"restricted": "/check/manage-account/x", "attempts": "/login?errorKey=challenge_global_internal_error"}
        where = self.asks[0] if self.asks else ""
        return elsewhere.get(where, f"/checkpoint/challenge/{where}") if where else "/feed/"

    def _answered(self, code: str) -> str:
        if code != self.code:
            return "wrong"
        self.asks = self.asks[1:]
        return self._next()
