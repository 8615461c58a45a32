"""A panel that takes back sign-ins and is killed at the named instants.

`python -m tests.oauth.crashing`: each line of its input is one sign-in as JSON; it forks for each, so that all share one
start, and answers with the fork's exit status.
"""

import json
import os
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from engine import crash_points, provider_returns
from engine.channels.effects import Server
from engine.connections.oauth import endpoints
from engine.grants import Tokens
from storage.database import open_database
from storage.kinds import Security
from storage.vault import Vault


def come_back(given: dict[str, Any]) -> None:
    crash_points.die_at(given["point"])
    where = replace(
        endpoints(given["settings"]),
        imap=Server("localhost", given["imap"], Security.SSL),
        smtp=Server("localhost", given["smtp"], Security.STARTTLS),
    )
    now = datetime.fromisoformat(given["now"])
    vault = Vault({1: bytes.fromhex(given["key"])})
    tokens = Tokens(open_database(Path(given["database"])), vault, where, lambda: now)
    provider_returns.come_back(tokens, given["session"], given["redirect"], given["query"], given["ca_file"])


def main() -> int:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            come_back(json.loads(line))
            os._exit(0)
        sys.stdout.write(f"{os.waitpid(child, 0)[1]}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
