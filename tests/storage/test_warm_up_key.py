"""The key that signs warm-up mail: random, sealed, and the same after a rotation."""

from engine.config import Config
from engine.installation import open_outpost
from engine.rotate_key import rotate
from engine.warm_up_key import key_for
from storage.tables import Installation
from storage.vault import version_of


def test_the_key_is_random_sealed_and_survives_a_rotation(config: Config) -> None:
    outpost = open_outpost(config, {})
    with outpost.database.read() as session:
        row = session.get_one(Installation, 1)
        key = key_for(outpost.vault)(session)
        assert len(key) == 32
        assert row.warm_up_key is not None
        assert key not in row.warm_up_key
        assert row.mark.encode() not in key
    outpost.database.close()
    rotate(config, {})
    again = open_outpost(config, {})
    with again.database.read() as session:
        sealed = session.get_one(Installation, 1).warm_up_key
        assert sealed is not None
        assert version_of(sealed) == 2
        assert key_for(again.vault)(session) == key
    again.database.close()
