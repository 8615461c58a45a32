"""The states of campaigns, leads and lists."""

from enum import StrEnum


class CampaignState(StrEnum):
    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"


class LeadState(StrEnum):
    NEW = "new"  # imported, the campaign has not been launched for it
    ACTIVE = "active"
    FINISHED = "finished"
    REPLIED = "replied"
    BOUNCED = "bounced"
    UNSUBSCRIBED = "unsubscribed"
    STOPPED = "stopped"  # by a person
    FAILED = "failed"
    LEFT_OUT = "left_out"  # suppressed, or being written to elsewhere


class SuppressionKind(StrEnum):
    ADDRESS = "address"
    DOMAIN = "domain"
    LINKEDIN_URL = "linkedin_url"


class ImportState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class SalesKind(StrEnum):
    """What of Sales Navigator is read."""

    SEARCH = "search"
    LIST = "list"


class ScrapeState(StrEnum):
    """How the reading of a Sales Navigator search or list stands; only `reading` has anything planned."""

    READING = "reading"
    DONE = "done"
    STOPPED = "stopped"  # by a person, who may go on with it
    FAILED = "failed"  # for a reason that its note says; a person may go on with it
