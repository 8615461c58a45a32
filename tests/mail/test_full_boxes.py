"""A full box is a soft bounce at whichever command it is said, and a limit of ours or a mail too big is none."""

import pytest

from engine.channels.refusals import Stage, refusal
from storage.kinds import Reason

RECIPIENT, CONTENT, SENDER = Stage.RECIPIENT, Stage.CONTENT, Stage.SENDER
FULL, OURS, GONE, REFUSED, BUSY = (
    Reason.RECIPIENT_FULL,
    Reason.PROVIDER_LIMIT,
    Reason.RECIPIENT_REFUSED,
    Reason.MESSAGE_REFUSED,
    Reason.PROVIDER_BUSY,
)

# the command, what the server said, what it means
SAID = [
    (RECIPIENT, "552 5.2.2 Mailbox is full", FULL),
    (RECIPIENT, "552-5.2.2 The email account that you tried to reach is over quota. - gsmtp", FULL),
    (RECIPIENT, "452 4.2.2 The recipient's inbox is out of storage space. - gsmtp", FULL),
    (RECIPIENT, "554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException", FULL),
    (RECIPIENT, "550 5.2.2 <p@there.test> user is over quota", FULL),
    (RECIPIENT, "552 RCPT TO:<p@there.test> Mailbox disk quota exceeded", FULL),
    (RECIPIENT, "552 Requested mail action aborted: exceeded storage allocation", FULL),
    (RECIPIENT, "552 p@there.test", FULL),
    (RECIPIENT, "550 5.7.1 <p@there.test>: Recipient address rejected: Mailbox over quota", FULL),
    (RECIPIENT, "550 Mailbox is full / Blocks limit exceeded / Inode limit exceeded", FULL),
    (RECIPIENT, "422 The recipient's mailbox is over its storage limit", FULL),
    (RECIPIENT, "552 5.2.2 The recipient has exceeded the mailbox quota", FULL),
    (RECIPIENT, "552 5.2.2 Recipient quota exceeded", FULL),
    (RECIPIENT, "550 Das Postfach ist voll", FULL),
    (CONTENT, "552 5.2.2 Quota exceeded (mailbox for user is full)", FULL),
    (CONTENT, "452 4.2.2 Mailbox full", FULL),
    # Of the sender: nobody's bounce, and the address waits.
    (RECIPIENT, "550 5.4.5 Daily user sending limit exceeded. - gsmtp", OURS),
    (RECIPIENT, "550 5.4.5 Daily sending quota exceeded", OURS),
    (RECIPIENT, "552 You have exceeded your daily quota", OURS),
    (RECIPIENT, "550 You have exceeded your quota", OURS),
    (RECIPIENT, "451 You exceeded the limit of messages", OURS),
    (RECIPIENT, "554 5.2.2 Submission quota exceeded; MapiExceptionSubmissionQuotaExceeded", OURS),
    (RECIPIENT, "450 4.2.121 The recipient limit is exceeded", OURS),
    (RECIPIENT, "450 4.7.1 Sender quota exceeded", OURS),
    (RECIPIENT, "550 5.7.1 Message quota exceeded", OURS),
    (RECIPIENT, "452 4.5.3 Recipient quota exceeded", OURS),
    (RECIPIENT, "550 Too many messages; account has exceeded quota 200/hour", OURS),
    (
        RECIPIENT,
        "450 4.7.1 <p@there.test>: Recipient address rejected: Policy rejection; Message count quota exceeded",
        BUSY,
    ),
    (RECIPIENT, "421 4.7.0 IP over quota", BUSY),
    (SENDER, "452 4.2.2 Mailbox full", BUSY),
    (SENDER, "552 5.2.2 Mailbox full", REFUSED),
    # Of the receiving system, of the mail, and of the address.
    (RECIPIENT, "452 4.3.1 Insufficient system storage", BUSY),
    (RECIPIENT, "452 4.3.1 Insufficient disk space", BUSY),
    (RECIPIENT, "452 4.5.3 Too many recipients", BUSY),
    (CONTENT, "552 5.3.4 Message size exceeds fixed limit", REFUSED),
    (CONTENT, "552 5.2.3 Message exceeds the size limit of this user", REFUSED),
    (CONTENT, "552 Message exceeds maximum size limit", REFUSED),
    (RECIPIENT, "450 4.2.0 <p@there.test>: Recipient address rejected: Greylisted", BUSY),
    (RECIPIENT, "550 5.2.1 The email account that you tried to reach is disabled", GONE),
    (RECIPIENT, "550 5.1.1 User unknown", GONE),
    (RECIPIENT, "550 No such user here", GONE),
]


@pytest.mark.parametrize(("stage", "said", "means"), SAID)
def test_what_a_server_says_of_a_full_box_is_told_from_what_it_says_of_us(stage: Stage, said: str, means: Reason) -> None:
    outcome = refusal(stage, int(said[:3]), said[4:])
    assert outcome.reason is means
    assert outcome.permanent is (means is GONE or (means is REFUSED and stage is not SENDER))
    assert said[4:] in outcome.note
