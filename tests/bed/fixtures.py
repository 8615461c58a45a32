"""The fixtures of the mail bed; registered in tests/conftest.py."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bed.bed import Bed, missing, start_in


@pytest.fixture(scope="session")
def bed(worker_id: str) -> Iterator[Bed]:
    """Real Dovecot and Postfix, one pair per test process; skipped where they can't run, failed under CI=true."""
    obstacle = missing()
    if obstacle and os.environ.get("CI") == "true":
        pytest.fail(obstacle)
    if obstacle:
        pytest.skip(obstacle)
    # Dovecot's sockets need a short path that other users may enter, which pytest's own folders are not.
    root = Path(os.environ.get("BED_DIR") or tempfile.mkdtemp(prefix="bed-", dir="/tmp"))
    root.mkdir(exist_ok=True)
    root.chmod(0o755)
    try:
        running = start_in(root / worker_id)
        try:
            yield running
        finally:
            running.stop()
    finally:
        shutil.rmtree(root / worker_id, ignore_errors=True)
        if "BED_DIR" not in os.environ:
            shutil.rmtree(root, ignore_errors=True)
