"""What users may do."""

from enum import StrEnum


class Role(StrEnum):
    """What a member may do in one workspace."""

    ADMIN = "admin"
    MANAGER = "manager"
    OPS = "ops"


class Permission(StrEnum):
    """What a use case asks of the actor's role."""

    READ = "read"
    PRESS_STOP = "press_stop"
    MANAGE = "manage"
    ADMINISTER = "administer"
    OWN = "own"  # the installation itself: create workspaces, allowed networks, installation-wide Stop
