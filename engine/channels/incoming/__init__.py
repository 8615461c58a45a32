"""Readers of mails that came in: pure functions on bytes that say what a mail is and never raise."""
