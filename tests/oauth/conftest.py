"""What the sign-in tests share: the stand-in for Google and Microsoft, a person, an office that signs addresses in there."""

from collections.abc import Iterator

import pytest

from engine.connections.oauth import App, Endpoints, endpoints
from practice.oauth import StandIn
from practice.oauth_book import GOOGLE_ID, GOOGLE_SECRET, MICROSOFT_ID, MICROSOFT_SECRET, Book
from storage.database import Database
from storage.kinds import Provider
from tests.bed.scripted import Authority
from tests.oauth.office import Office, office
from tests.oauth.person import Person, settings_of

RETURN = "http://127.0.0.1:8501/connect/return"
GOOGLE = App(Provider.GOOGLE, GOOGLE_ID, GOOGLE_SECRET)
MICROSOFT = App(Provider.MICROSOFT, MICROSOFT_ID, MICROSOFT_SECRET)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    server = StandIn(tmp_path_factory.mktemp("stand-in")).start()
    yield server
    server.stop()


@pytest.fixture
def stand_in(running: StandIn) -> StandIn:
    """The running stand-in, knowing nothing of other tests."""
    running.book = Book()
    return running


@pytest.fixture
def where(stand_in: StandIn) -> Endpoints:
    return endpoints(settings_of(stand_in))


@pytest.fixture
def person(stand_in: StandIn) -> Person:
    return Person(stand_in.ca_file)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("mail-authority"))


@pytest.fixture
def here(database: Database, stand_in: StandIn, authority: Authority) -> Iterator[Office]:
    with office(database, stand_in, authority) as opened:
        yield opened


@pytest.fixture(params=[Provider.GOOGLE, Provider.MICROSOFT])
def provider(request: pytest.FixtureRequest) -> Provider:
    return Provider(request.param)
