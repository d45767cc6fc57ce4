import pytest

from tests.messaging.posting import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()
