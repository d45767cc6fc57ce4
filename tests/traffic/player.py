"""Plays messages into the hub by Segment's own Python library, as a shop would: in order, plain and gzip in turns."""

from collections.abc import Sequence
from datetime import datetime
from itertools import cycle
from typing import Any, Self

from segment.analytics.client import Client

from tests.traffic.day import Message

BATCH = 100
"""Messages a request: what the library puts into one."""
INTERVAL_SECONDS = 1.0
"""How long the library gathers them: long enough that no hundred goes in two pieces, one of which may be put off."""


class PlayFailed(Exception):
    """The library gave a batch up."""


class Player:
    """Two clients of the official library, one plain and one gzip, that take turns batch by batch."""

    def __init__(self, host: str, write_key: str) -> None:
        self._given_up: list[Exception] = []
        options = {"host": host, "upload_size": BATCH, "upload_interval": INTERVAL_SECONDS, "on_error": self._give_up}
        self._clients = [Client(write_key, gzip=gzip, **options) for gzip in (False, True)]
        self._turns = cycle(self._clients)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients:
            client.shutdown()

    def play(self, messages: Sequence[Message]) -> None:
        """Send messages in their order and return when each was accepted.

        Raises:
            PlayFailed: the library gave a batch up, after its own retries.
        """
        for start in range(0, len(messages), BATCH):
            client = next(self._turns)
            for message in messages[start : start + BATCH]:
                _send(client, message)
            # The library puts a batch that was told "later" behind all others: waiting here keeps the order.
            client.flush()
            if self._given_up:
                raise PlayFailed(str(self._given_up[0]))

    def _give_up(self, error: Exception, _: list[Message]) -> None:
        self._given_up.append(error)


def _send(client: Client, message: Message) -> None:
    fields: dict[str, Any] = {
        "user_id": message.get("userId"),
        "anonymous_id": message.get("anonymousId"),
        "message_id": message["messageId"],
        "timestamp": datetime.fromisoformat(message["timestamp"]),
        # The library writes its own name into what it is given.
        "context": dict(message["context"]),
    }
    if message["type"] == "identify":
        client.identify(traits=message["traits"], **fields)
    else:
        client.track(event=message["event"], properties=message["properties"], **fields)
