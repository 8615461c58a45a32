"""For tests that start browsers of their own: each runs in a thread of its own.

Playwright starts once a thread, and a fixture of other tests may hold one in the main thread. `pytest_pyfunc_call` is for a
conftest.py (pytest minds no hook in a test module) and moves all tests of its folder; `in_own_thread` moves one.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import ParamSpec

import pytest

P = ParamSpec("P")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool:
    names = pyfuncitem._fixtureinfo.argnames
    in_own_thread(pyfuncitem.obj)(**{name: pyfuncitem.funcargs[name] for name in names})
    return True


def in_own_thread(test: Callable[P, None]) -> Callable[P, None]:
    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with ThreadPoolExecutor(1) as thread:
            thread.submit(test, *args, **kwargs).result()

    return run
