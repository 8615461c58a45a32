"""One page of a long list: its rows, which page it is, and of how many."""

from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Paged(Generic[Row]):
    """`number` counts from 1; `total` is of the filtered list."""

    rows: tuple[Row, ...]
    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        return _pages(self.total, self.size)

    @property
    def first(self) -> int:
        return (self.number - 1) * self.size + 1 if self.rows else 0

    @property
    def last(self) -> int:
        return (self.number - 1) * self.size + len(self.rows)


def within(asked: int, total: int, size: int) -> int:
    """The page that is shown when `asked` is asked for: the last one when a later one is."""
    return max(1, min(asked, _pages(total, size)))


def _pages(total: int, size: int) -> int:
    return max(1, -(-total // size))
