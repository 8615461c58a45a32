"""What an account manager and an ops person do in the browser, in the words of the screens."""

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Download, Page, expect

from practice.browser import choose, new_page, press, settled, sign_in
from tests.bed.bed import PASSWORD as MAIL_PASSWORD
from tests.bed.bed import Bed

PASSWORD = "seven quiet lanterns drift"
_ADDRESSES = ("127.0.0.1/32", "::1/128")


@dataclass
class Person:
    """Somebody with a browser of their own on the panel at `address`."""

    browser: Browser
    address: str
    email: str
    page: Page

    @classmethod
    def arrive(cls, browser: Browser, address: str, email: str) -> "Person":
        return cls(browser, address, email, new_page(browser))

    def make_the_owner(self) -> None:
        self.page.goto(self.address)
        self.page.get_by_label("Your name").fill("Olga Owner")
        self.page.get_by_label("E-mail address").fill(self.email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_label("First workspace").fill("Acme Robotics")
        self.page.get_by_role("button", name="Create the owner").click()
        settled(self.page)

    def sign_in(self) -> None:
        sign_in(self.page, self.address, self.email, PASSWORD)

    def join(self, link: str) -> None:
        self.page.goto(link)
        self.page.get_by_label("Your name").fill("Odo Ops")
        self.page.get_by_label("Choose a password").fill(PASSWORD)
        self.page.get_by_role("button", name="Join the workspace").click()
        settled(self.page)

    def invite_ops(self, email: str) -> str:
        """The one-time link."""
        self._open("users")
        press(self.page, "Invite a user")
        self._write("E-mail address", email)
        self.page.get_by_role("radiogroup", name="Role").get_by_text("Ops", exact=False).click()
        settled(self.page)
        press(self.page, "Make the link")
        return self.page.get_by_role("dialog").locator("code").inner_text().strip()

    def allow_this_computer(self) -> None:
        self._open("installation")
        self._write("One network a line", "\n".join(_ADDRESSES))
        press(self.page, "Save networks")

    def add_identity(self, first: str, last: str, zone: str) -> None:
        self._open("new-identity")
        self._write("First name", first)
        self._write("Last name", last)
        choose(self.page, "Time zone of the working hours", zone)
        press(self.page, "Add identity")
        expect(self.page.get_by_role("heading", name=f"{first} {last}")).to_be_visible()

    def connect(self, mailbox: str, bed: Bed) -> None:
        """On the page of the identity that was just added."""
        self.page.get_by_role("radio", name="Email").or_(self.page.get_by_role("button", name="Email")).first.click()
        settled(self.page)
        press(self.page, "IMAP")
        self._write("E-mail address", mailbox)
        press(self.page, "Find its servers")
        self._write("Password or app password", MAIL_PASSWORD)
        self._write("IMAP host", bed.imap.host)
        self._write("IMAP port", str(bed.imap.port))
        self._write("SMTP host", bed.smtp.host)
        self._write("SMTP port", str(bed.smtp.port))
        press(self.page, "Connect")  # the proposal is SSL for IMAP and STARTTLS for SMTP, as the bed wants it
        expect(self.page.get_by_text("signed in").first).to_be_visible()

    def limit_to(self, number: int) -> None:
        """On the identity's e-mail section."""
        self.page.get_by_text("Limit, gap, signature").click()
        self._write("E-mails a day", str(number))
        press(self.page, f"Set the limit to {number}")
        expect(self.page.get_by_text(f"0 / {number}").first).to_be_visible()

    def make_campaign(self, name: str, identity: str, leads: Path) -> None:
        self._open("campaigns")
        self.page.get_by_role("button", name=re.compile("New campaign|Make the first campaign")).first.click()
        settled(self.page)
        dialog = self.page.get_by_role("dialog")
        self._write("Find the identity", identity)
        self._write("Name", name, exact=True)
        press(self.page, "Make the draft", dialog)
        expect(self.page.get_by_role("heading", name=name)).to_be_visible()
        self._write_steps()
        self._import(leads)

    def launch(self, leads: int) -> None:
        self.page.get_by_text("Launch", exact=True).first.click()
        settled(self.page)
        press(self.page, f"Launch for {leads} leads")
        expect(self.page.get_by_role("button", name="Pause")).to_be_visible()

    def press_stop(self) -> None:
        self._open("")
        press(self.page, "Stop everything")
        press(self.page, "Stop Acme Robotics", self.page.get_by_role("dialog"))
        expect(self.page.get_by_text("No new action begins.").first).to_be_visible()

    def release(self) -> None:
        self._open("")
        press(self.page, "Stop everything")
        press(self.page, "Release Acme Robotics", self.page.get_by_role("dialog"))

    def quota_report(self) -> list[dict[str, str]]:
        """The downloaded CSV of this week."""
        self._open("quotas")
        with self.page.expect_download() as waiting:
            self.page.get_by_role("link", name="CSV").click()
        return _rows(waiting.value)

    def proof(self) -> Page:
        return self._open("proof")

    def _open(self, path: str) -> Page:
        self.page.goto(f"{self.address}/{path}")
        return settled(self.page)

    def _write(self, label: str, text: str, *, exact: bool = False) -> None:
        # A field's help button carries its label too.
        field = self.page.get_by_label(label, exact=exact).and_(self.page.locator("input, textarea")).first
        field.fill(text)
        field.press("Tab")
        settled(self.page)

    def _write_steps(self) -> None:
        press(self.page, "Write the first step")
        self._write("Subject", "A question, {{ first_name }}")
        self._write("Text", "Hello {{ first_name }},\n\nhow does {{ company }} move its pallets?", exact=True)
        press(self.page, "Save step 1")
        press(self.page, "Add a follow-up")
        self.page.get_by_label("Days after the step before").fill("1")
        second = self.page.get_by_label("Text", exact=True).nth(1)
        second.fill("Hello {{ first_name }}, did you see my letter?")
        second.press("Tab")
        settled(self.page)
        press(self.page, "Save step 2")
        expect(self.page.get_by_role("button", name="Save step 2")).to_have_count(0)

    def _import(self, leads: Path) -> None:
        self.page.get_by_text(re.compile("^Leads")).first.click()
        settled(self.page)
        press(self.page, "Import")
        self.page.locator('input[type="file"]').set_input_files(leads)
        button = self.page.get_by_role("button", name=re.compile(r"Import \d+ lead"))
        button.click()
        settled(self.page)
        expect(self.page.get_by_role("button", name="Import more leads")).to_be_visible()


def _rows(download: Download) -> list[dict[str, str]]:
    text = Path(download.path()).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))
