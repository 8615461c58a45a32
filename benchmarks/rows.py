"""One line of the benchmarks' table: a figure beside its limit or its peer, both taken in the same run."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """`value` beside `peer_value` in the same `unit`; the promise is about their ratio.

    `peer` says what stands beside it ("limit", "bare smtplib", "naive SQL"). Exactly one of `at_most` and `at_least` is
    given for a promise; neither for a figure that is only shown.
    """

    benchmark: str
    measured: str
    value: float
    unit: str
    peer: str
    peer_value: float
    at_most: float | None = None
    at_least: float | None = None

    @property
    def ratio(self) -> float:
        return self.value / self.peer_value if self.peer_value else float("inf")

    @property
    def promise(self) -> str:
        if self.at_most is not None:
            return f"≤ {self.at_most:g} ×"
        return "" if self.at_least is None else f"≥ {self.at_least:g} ×"

    @property
    def is_kept(self) -> bool:
        if self.at_most is not None:
            return self.ratio <= self.at_most
        return self.at_least is None or self.ratio >= self.at_least
