import asyncio
import base64
import socket
from collections.abc import Iterator
from itertools import islice

import pytest

from runtime.demo import shop
from runtime.demo.shop import Step
from runtime.demo.tracking import CallRefused, Tracker
from tests.traffic.ingest import Ingest, serving

KEYS = ("write-key", "server-key")


@pytest.fixture
def ingest() -> Iterator[Ingest]:
    with serving() as server:
        yield server


@pytest.fixture
def steps() -> list[Step]:
    return [Step(pause=0, call=step.call) for step in islice(shop.script(seed=7), 5)]


@pytest.fixture
async def published() -> asyncio.Future[None]:
    done = asyncio.get_running_loop().create_future()
    done.set_result(None)
    return done


def ids(ingest: Ingest) -> list[str]:
    return [message["messageId"] for message in ingest.accepted]


async def test_calls_are_told_in_order_orders_with_the_server_s_key_and_all_else_with_that_of_the_pages(
    ingest: Ingest, published: asyncio.Future[None]
) -> None:
    calls = [step.call for step in islice(shop.script(seed=7), 60)]
    steps = [Step(pause=0, call=call) for call in calls]

    await Tracker(ingest.url, *KEYS).tell(steps, published=published)

    assert ids(ingest) == [call["messageId"] for call in calls]
    assert {path for path, _ in ingest.requests} == {"/v1/batch"}
    keys = [base64.b64decode(headers["Authorization"].removeprefix("Basic ")) for _, headers in ingest.requests]
    ordered = [call.get("event") == "Order Completed" for call in calls]
    assert keys == [b"server-key:" if it else b"write-key:" for it in ordered]
    assert any(ordered)


@pytest.mark.parametrize("answer", [(500, {}), (503, {"Retry-After": "0"}), (429, {"Retry-After": "0"})])
async def test_a_call_that_is_put_off_is_told_again_under_its_own_id(
    ingest: Ingest, steps: list[Step], published: asyncio.Future[None], answer: tuple[int, dict[str, str]]
) -> None:
    ingest.answers = [answer, answer]

    await Tracker(ingest.url, *KEYS).tell(steps, published=published)

    assert ids(ingest) == [step.call["messageId"] for step in steps]
    assert len(ingest.requests) == 7


async def test_while_the_hub_is_away_the_shop_waits_and_then_goes_on(
    steps: list[Step], published: asyncio.Future[None]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    telling = asyncio.create_task(Tracker(f"http://127.0.0.1:{port}", *KEYS).tell(steps, published=published))
    await asyncio.sleep(0.4)

    with serving(port) as ingest:
        await telling

        assert ids(ingest) == [step.call["messageId"] for step in steps]


async def test_a_call_that_is_refused_ends_the_shop(
    ingest: Ingest, steps: list[Step], published: asyncio.Future[None]
) -> None:
    ingest.answers = [(401, {})]

    with pytest.raises(CallRefused) as refused:
        await Tracker(ingest.url, *KEYS).tell(steps, published=published)

    assert refused.value.message == "The hub answered 401 to a call of the demo."
    assert ingest.accepted == []


async def test_no_checkout_is_told_before_the_journey_is_published(ingest: Ingest) -> None:
    steps = [Step(pause=0, call=step.call) for step in islice(shop.script(seed=7), 60)]
    first = next(place for place, step in enumerate(steps) if step.call.get("event") == "Checkout Started")
    published = asyncio.get_running_loop().create_future()
    telling = asyncio.create_task(Tracker(ingest.url, *KEYS).tell(steps, published=published))
    await asyncio.sleep(0.5)
    assert len(ingest.accepted) == first

    published.set_result(None)
    await telling

    assert len(ingest.accepted) == 60
