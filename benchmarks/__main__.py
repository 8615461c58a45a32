"""`make bench`: runs every benchmark module and prints one table of ratios; name some modules to run only those.

A benchmark is a module `benchmarks/<subject>.py` with `run() -> list[Row]`. The exit status is 1 when a promise is broken.
"""

import importlib
import pkgutil
import sys
import traceback
from collections.abc import Callable

import benchmarks
from benchmarks.rows import Row

_HEADINGS = ("benchmark", "measured", "figure", "beside", "ratio", "promise", "")


def subjects(named: list[str]) -> dict[str, Callable[[], list[Row]]]:
    """The benchmarks to run, by name; those of `named`, or all."""
    found = {}
    for module in pkgutil.iter_modules(benchmarks.__path__):
        if module.name.startswith("_") or (named and module.name not in named):
            continue
        run = getattr(importlib.import_module(f"benchmarks.{module.name}"), "run", None)
        if run is not None:
            found[module.name] = run
    return found


def table(rows: list[Row]) -> str:
    cells = [_HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.benchmark,
        row.measured,
        f"{row.value:,.4g} {row.unit}",
        f"{row.peer}: {row.peer_value:,.4g} {row.unit}",
        f"{row.ratio:.2f} ×",
        row.promise,
        "" if not row.promise else "kept" if row.is_kept else "BROKEN",
    )


def main(named: list[str]) -> int:
    rows: list[Row] = []
    failed: list[str] = []
    for name, run in subjects(named).items():
        print(f"… {name}", file=sys.stderr, flush=True)
        try:
            rows += run()
        except Exception:
            traceback.print_exc()
            failed.append(name)
    print(table(rows))
    for name in failed:
        print(f"{name} could not be measured; its error stands above.")
    return 1 if failed or not all(row.is_kept for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
