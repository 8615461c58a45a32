"""Reading Sales Navigator into a campaign's leads: what is read, whom it named, and which action read which page."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import Base, only_where, wording
from storage.kinds import SalesKind, ScrapeState


class Scrape(Base):
    """One search or list that is read for one campaign by one seat, page after page, each page an action of its own."""

    __table_args__ = (
        # The same search is not read twice at once for one campaign.
        Index("uq_scrape_open", "campaign_id", "url_hash", unique=True, **only_where("ended_at IS NULL")),
        Index("ix_scrape_campaign_id", "campaign_id", "id"),
        Index("ix_scrape_seat_id", "seat_id"),
        CheckConstraint("(state = 'reading') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("most > 0", name="most"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    seat_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))  # whose Sales Navigator reads
    borrowed: Mapped[bool]  # another identity's seat, so it counts against what that one shares
    kind: Mapped[SalesKind] = mapped_column(wording(SalesKind))
    url: Mapped[str]  # path and query, without what names the visit
    url_hash: Mapped[str]  # a search can be longer than an index takes
    most: Mapped[int]  # people
    state: Mapped[ScrapeState] = mapped_column(wording(ScrapeState), default=ScrapeState.READING)
    note: Mapped[str] = mapped_column(default="")  # the sentence that says how it ended
    page: Mapped[int] = mapped_column(default=0)  # the last one that was read; 0 = none yet
    has_more: Mapped[bool] = mapped_column(default=True)
    told: Mapped[int | None]  # how many results Sales Navigator says there are
    unread: Mapped[int] = mapped_column(default=0)  # rows of pages read that never showed a name
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(default="")


class ScrapedPerson(Base):
    """Somebody whom a page of results named; `settled_at` is when it was known whether they become a lead."""

    __table_args__ = (
        # Whoever stands on two pages, or on a page read twice, is one person.
        UniqueConstraint("scrape_id", "lead_key"),
        UniqueConstraint("scrape_id", "number"),
        Index("ix_scraped_person_lead_key", "lead_key"),
        Index("ix_scraped_person_lead_id", "lead_id", **only_where("lead_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    scrape_id: Mapped[int] = mapped_column(ForeignKey("scrape.id"))
    number: Mapped[int]  # 1, 2, 3 … as they came
    lead_key: Mapped[str]  # Sales Navigator's own id of the person
    lead_path: Mapped[str]  # where their page is, with the token of the search
    name: Mapped[str]
    title: Mapped[str] = mapped_column(default="")
    company: Mapped[str] = mapped_column(default="")
    place: Mapped[str] = mapped_column(default="")
    profile: Mapped[str] = mapped_column(default="")  # "linkedin.com/in/slug", once their page was read
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"))
    problem: Mapped[str] = mapped_column(default="")  # the sentence that says why they are no lead
    settled_at: Mapped[datetime | None]


class ScrapeReading(Base):
    """Which page an action reads: one of results, or (`person_id`) one person's."""

    __table_args__ = (
        Index("ix_scrape_reading_scrape_id", "scrape_id"),
        Index("ix_scrape_reading_person_id", "person_id"),
        CheckConstraint("(page IS NULL) <> (person_id IS NULL)", name="one_page"),
    )

    action_id: Mapped[int] = mapped_column(ForeignKey("action.id"), primary_key=True)
    scrape_id: Mapped[int] = mapped_column(ForeignKey("scrape.id"))
    page: Mapped[int | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("scraped_person.id"))
