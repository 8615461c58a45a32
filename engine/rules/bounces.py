"""When an address's bounces are over the line that providers bear: a rate, its sample and its window."""

from dataclasses import dataclass
from datetime import timedelta

WINDOW = timedelta(days=7)
# Senders above 5 % come under review at the providers (Amazon SES: 5 % review, 10 % pause); a few mails prove nothing.
MOST = 0.05
LEAST_SENT = 20


@dataclass(frozen=True, slots=True)
class BounceRate:
    """What one address sent within the window, and how much of it came back for good."""

    sent: int
    bounced: int

    @property
    def rate(self) -> float:
        return self.bounced / self.sent if self.sent else 0.0

    @property
    def has_sample(self) -> bool:
        return self.sent >= LEAST_SENT

    @property
    def is_over(self) -> bool:
        return self.has_sample and self.bounced > MOST * self.sent
