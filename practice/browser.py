"""A real Chromium on the panel, for the end-to-end tests and the screenshots: waits for Streamlit, never for time."""

from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

_SECONDS = 20
_RUNS = Path(__file__).parent / "browser_runs.js"
AT_REST = '[data-testid="stApp"][data-test-script-state="notRunning"]'


def new_page(
    browser: Browser, width: int = 1280, height: int = 900, *, dark: bool = False, ignores_certificates: bool = False
) -> Page:
    """`ignores_certificates` for the stand-ins, whose authority no browser knows."""
    context = browser.new_context(
        ignore_https_errors=ignores_certificates,
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        timezone_id="Europe/Madrid",
        locale="en-GB",
        reduced_motion="reduce",
    )
    context.add_init_script(path=_RUNS)
    page = context.new_page()
    page.set_default_timeout(_SECONDS * 1000)
    expect.set_options(timeout=_SECONDS * 1000)
    return page


def settled(page: Page) -> Page:
    """Wait until the page's script has run to its end and nothing of the run before is left on screen."""
    expect(page.locator("html[data-unanswered]")).to_have_count(0)
    page.wait_for_selector(AT_REST)
    expect(page.locator('[data-stale="true"]')).to_have_count(0)
    expect(page.locator('[data-testid="stSkeleton"]')).to_have_count(0)
    return page


def sign_in(page: Page, address: str, email: str, password: str) -> None:
    page.goto(f"{address}/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    settled(page)


def choose(page: Page, label: str, option: str) -> None:
    """Choose an option of a select box by typing what it says."""
    box = page.get_by_label(label, exact=True)
    box.click()
    box.fill(option)
    page.get_by_role("option", name=option).first.click()
    settled(page)


def press(page: Page, name: str, within: Locator | None = None) -> None:
    """Press the button with this name once the page is at rest, and wait for what it does.

    What was waited for before may stand there while its run still goes on, which takes a button from under the mouse.
    """
    settled(page)
    (within or page).get_by_role("button", name=name).first.click()
    settled(page)
