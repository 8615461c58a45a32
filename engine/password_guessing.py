"""How easily a password is guessed, judged by zxcvbn in a process of its own.

Its lists of words take 13 MB, and they are needed only while somebody chooses a password. The password goes in by the
standard input: arguments and environment can be read by others on the machine.
"""

import json
import subprocess
import sys
from collections.abc import Sequence

from engine.config import PROJECT

_SECONDS = 30


def score(password: str, own_words: Sequence[str]) -> int | None:
    """From 0, guessed at once, to 4; None when it could not be judged."""
    try:
        judged = subprocess.run(
            [sys.executable, "-m", "engine.password_judge"],
            input=json.dumps({"password": password, "own_words": list(own_words)}),
            cwd=PROJECT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
            timeout=_SECONDS,
        )
        return int(judged.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
