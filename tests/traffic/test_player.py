import base64
from collections.abc import Iterator

import pytest

from tests.traffic import generator
from tests.traffic.day import Message
from tests.traffic.ingest import Ingest, serving
from tests.traffic.player import BATCH, Player, PlayFailed


@pytest.fixture
def ingest() -> Iterator[Ingest]:
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def messages() -> list[Message]:
    return [line.message for line in generator.make(customers=60, seed=7)]


def play(ingest: Ingest, messages: list[Message]) -> None:
    with Player(ingest.url, "write-key") as player:
        player.play(messages)


def without_the_library(message: Message) -> Message:
    context = {name: value for name, value in message["context"].items() if name != "library"}
    kept = {name: value for name, value in message.items() if value is not None and name != "integrations"}
    return {**kept, "context": context}


def test_every_message_arrives_as_written_in_order_copies_included(ingest: Ingest, messages: list[Message]) -> None:
    play(ingest, messages)

    assert [without_the_library(message) for message in ingest.accepted] == messages


def test_batches_go_plain_and_gzip_in_turns_with_the_write_key(ingest: Ingest, messages: list[Message]) -> None:
    play(ingest, messages)

    paths, headers = zip(*ingest.requests, strict=True)
    assert set(paths) == {"/v1/batch"}
    assert {header.get("Content-Encoding") for header in headers} == {None, "gzip"}
    key = base64.b64encode(b"write-key:").decode()
    assert {header["Authorization"] for header in headers} == {f"Basic {key}"}


@pytest.mark.parametrize("answer", [(503, {"Retry-After": "1"}), (429, {"Retry-After": "1"}), (500, {})])
def test_a_batch_that_is_put_off_is_not_overtaken(
    ingest: Ingest, messages: list[Message], answer: tuple[int, dict[str, str]]
) -> None:
    ingest.answers = [answer]

    play(ingest, messages)

    assert [without_the_library(message) for message in ingest.accepted] == messages
    assert len(ingest.requests) > len(messages) / 100 + 1


def test_a_refused_batch_fails_the_play(ingest: Ingest, messages: list[Message]) -> None:
    ingest.answers = [(400, {})]

    with pytest.raises(PlayFailed):
        play(ingest, messages)

    # The library may have put the first hundred into two requests: the refused one is not sent again, no more follow.
    got = [without_the_library(message) for message in ingest.accepted]
    assert len(got) < BATCH
    assert all(message in messages[:BATCH] for message in got)
