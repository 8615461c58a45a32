"""What a worker's sign of life says of its parts: what fails now or again, not what failed once and has passed."""

from engine.troubles import Troubles


def fails() -> None:
    raise ValueError("no")


def works() -> None:
    return


def test_a_fault_that_passed_is_told_for_a_minute_and_one_that_comes_back_until_its_part_works() -> None:
    at = [0.0]
    troubles = Troubles(now=lambda: at[0])
    said = ["The sweep failed (ValueError); it is tried again."]
    troubles.guard("sweep", fails)
    assert troubles.lasting() == said
    at[0] = 61.0
    assert troubles.lasting() == []
    troubles.guard("sweep", fails)
    at[0] = 1_000.0
    assert troubles.lasting() == said
    troubles.guard("sweep", works)
    assert troubles.lasting() == []


def test_two_parts_with_one_sentence_say_it_once() -> None:
    troubles = Troubles(now=lambda: 0.0)
    for part in ("sweep", "sweep of another"):
        troubles.guard(part, fails)
    assert len(troubles.lasting()) == 2
    troubles.sentences["sweep of another"] = troubles.sentences["sweep"]
    assert len(troubles.lasting()) == 1
