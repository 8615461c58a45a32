"""The environment that `make run` makes: requirements.txt and nothing of the tests, whose packages change what is loaded."""

import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.config import PROJECT

_INSTALL = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--require-hashes")


@contextmanager
def run_only_python() -> Iterator[str]:
    """The path of its interpreter; installing takes about a minute."""
    with TemporaryDirectory(prefix="outpost-run-only-") as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder) / "bin/python")
        print("  (installing requirements.txt into an environment of its own)", file=sys.stderr, flush=True)
        subprocess.run([python, *_INSTALL, "-r", str(PROJECT / "requirements.txt")], check=True, stderr=subprocess.DEVNULL)
        yield python
