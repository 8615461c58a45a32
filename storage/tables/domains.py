"""Mail domains: what the last look at their DNS records found. A domain belongs to no workspace; its records are public."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import Base, wording
from storage.kinds import RecordState


class DomainCheck(Base):
    """The last check of one domain."""

    domain: Mapped[str] = mapped_column(primary_key=True)  # lower case
    checked_at: Mapped[datetime | None]
    next_check_at: Mapped[datetime]
    mx: Mapped[RecordState] = mapped_column(wording(RecordState, checked=False, name="mx"), default=RecordState.UNKNOWN)
    spf: Mapped[RecordState] = mapped_column(wording(RecordState, checked=False, name="spf"))
    dkim: Mapped[RecordState] = mapped_column(wording(RecordState, checked=False, name="dkim"))
    dmarc: Mapped[RecordState] = mapped_column(wording(RecordState, checked=False, name="dmarc"))
    note: Mapped[str] = mapped_column(default="")  # what is wrong, in sentences
    learned: Mapped[dict[str, Any]] = mapped_column(
        default=dict
    )  # selectors that were asked for or seen, and what a mail to oneself showed
