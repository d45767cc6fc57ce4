"""Every route that writes may be sent again: fifty requests at once write what one writes, and so does one more."""

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from httpx2 import Response
from starlette.routing import Route

from hub.access import challenges
from hub.access.grants import KeyKind
from hub.access.model import Caller, CallerKind
from hub.access.signin import SignIns
from hub.commerce import posters_store
from hub.commerce.posters import Purpose, Wanted
from hub.database import Database
from hub.kit import ids
from hub.ledger import flushing
from hub.messaging import confirming
from hub.profiles import consents, identifier_store
from hub.profiles.consent import ConsentState, How, Subject
from hub.profiles.consents import Speaker, Word
from hub.profiles.links import Links
from hub.profiles.model import Channel, Identifier, IdentifierKind, Owned, Profile
from hub.profiles.suppression import Suppressions
from hub.rewards.store import RewardDocument
from runtime.http import RequestLog
from tests.hub_api.conftest import Hub
from tests.hub_api.test_merging import found
from tests.integrations import signing
from tests.messaging import posting
from tests.messaging.posting import message
from tests.vouchers.stage import COFFEE, stage

Request: TypeAlias = dict[str, Any]
Prepare: TypeAlias = Callable[[Hub], Awaitable[tuple[str, Request]]]
"""Makes what a request needs, and gives its address and the rest of it, as httpx takes it."""

AT_ONCE: Final = 50
READING: Final = {"GET", "HEAD", "OPTIONS"}
OF_THE_HUB: Final = {"idempotency", "rates", "keys", "meta"}
"""Collections that remember requests, and are not what a request is for."""

BY_EMAIL: Final = Subject("default", "marketing", "email")
STAFF: Final = Caller(CallerKind.STAFF, "eve", frozenset())
THANKS: Final = "{reward: thanks, kind: gesture, labels: {en: Thanks}}"
SHOP: Final = Speaker("shop", How.SERVER)
ADA: Final = "ada@example.com"


def now() -> datetime:
    return datetime.now(UTC)  # the application has the clock of the machine


async def events(hub: Hub) -> tuple[str, Request]:
    calls = [{"type": "track", "userId": "ada", "event": name} for name in ("Scanned", "Scanned", "Weighed")]
    key = await hub.key(KeyKind.SERVER)
    return "/v1/batch", {
        "json": {"batch": calls},
        "headers": {"Authorization": f"Bearer {key}", "Idempotency-Key": "till 7, slip 4711"},
    }


async def at_a_till(hub: Hub, what: str, message: Mapping[str, Any]) -> tuple[str, Request]:
    key = await hub.key(KeyKind.SERVER)
    body = {"store": "berlin-1", "at": "2026-11-20T10:15:00+01:00", **message}
    return f"/pos/v1/{what}", {"json": body, "headers": {"Authorization": f"Bearer {key}"}}


async def visit(hub: Hub) -> tuple[str, Request]:
    return await at_a_till(hub, "customers", {"id": "v-1", "customer": {"email": ADA}})


async def sale(hub: Hub) -> tuple[str, Request]:
    return await at_a_till(hub, "orders", {"order_id": "4711", "currency": "EUR", "total": "39.80"})


async def refund(hub: Hub) -> tuple[str, Request]:
    return await at_a_till(hub, "refunds", {"refund_id": "R-1", "order_id": "4711"})


async def till_was_offline(hub: Hub) -> tuple[str, Request]:
    address, request = await at_a_till(hub, "batch", {})
    told = {**request["json"], "order_id": "4711"}
    sold = {"type": "order", **told, "currency": "EUR", "total": "39.80"}
    return address, {**request, "json": {"messages": [{"type": "refund", **told, "refund_id": "R-1"}, sold, sold]}}


async def day_closed(hub: Hub) -> tuple[str, Request]:
    day = {"day": "2026-11-20", "since": "2026-11-20T00:00:00Z", "until": "2026-11-21T00:00:00Z", "currency": "EUR"}
    return await at_a_till(hub, "days", {**day, "orders": [{"order_id": "4711", "total": "39.80"}]})


async def at_a_till_with_a_voucher(hub: Hub, what: str) -> tuple[str, Request]:
    customer = stage(RewardDocument.get_pymongo_collection().database, hub.settings)
    customer.now = now()
    await customer.publish(COFFEE)
    await customer.earn(100)
    address, request = await at_a_till(hub, f"vouchers/{what}", {})
    shown = {"code": (await customer.redeem()).code, "order_id": "4711", "store": "berlin-1"}
    await flushing.flush([customer.person().id])
    return address, {**request, "json": shown}


async def use_voucher(hub: Hub) -> tuple[str, Request]:
    return await at_a_till_with_a_voucher(hub, "use")


async def reserve_voucher(hub: Hub) -> tuple[str, Request]:
    return await at_a_till_with_a_voucher(hub, "reserve")


async def release_voucher(hub: Hub) -> tuple[str, Request]:
    return await at_a_till_with_a_voucher(hub, "release")


async def mutation(hub: Hub) -> tuple[str, Request]:
    """One of them: `test_once.py` asks all."""
    query = """mutation { saveTopic(input: {
      idempotencyKey: "k", name: "wine", brand: "default", topicClass: MARKETING, descriptions: [],
      names: [{language: "en", text: "Wine"}]
    }) { __typename } }"""
    return "/graphql", {
        "json": {"query": query},
        "headers": {"Authorization": f"Bearer {await hub.key(KeyKind.STAFF)}"},
    }


async def ask_to_sign_in(hub: Hub) -> tuple[str, Request]:
    page = await hub.http.get("/m/s")
    return "/m/s", {"data": {"key": hidden(page, "key"), "address": ADA}}


async def sign_in_by_code(hub: Hub) -> tuple[str, Request]:
    page, sign_in = await asked_to_sign_in(hub)
    form = {"key": hidden(page, "key"), "sign_in": str(sign_in), "code": SignIns(hub.settings).code(sign_in)}
    return "/m/s/code", {"data": form}


async def sign_in_by_link(hub: Hub) -> tuple[str, Request]:
    _, sign_in = await asked_to_sign_in(hub)
    link = SignIns(hub.settings).link((await challenges.load([sign_in]))[sign_in])
    return path(link), {"data": {"key": hidden(await hub.http.get(path(link)), "key")}}


async def choose(hub: Hub) -> tuple[str, Request]:
    link = path(Links(hub.settings).preferences((await granted(hub)).id, now=now()))
    return link, {"data": {"form": hidden(await hub.http.get(link), "form"), "shown": [BY_EMAIL.key], "on": []}}


async def confirm(hub: Hub) -> tuple[str, Request]:
    asked = await confirming.ask(
        await ada(hub),
        BY_EMAIL,
        version=None,
        by=SHOP,
        cause="asked",
        now=now(),
        hashed=Suppressions(hub.settings),
    )
    return path(Links(hub.settings).confirm(asked.id, asked_at=now())), {}


async def redeem_on_a_page(hub: Hub) -> tuple[str, Request]:
    await stage(RewardDocument.get_pymongo_collection().database, hub.settings).publish(THANKS)
    wanted = Wanted(Purpose.REDEEM, "club", "default")
    poster = await posters_store.make(STAFF, wanted, cause=ids.new_id(), now=now())
    link = path(Links(hub.settings).rewards((await granted(hub)).id, poster.code, now=now()))
    return link, {"data": {"form": hidden(await hub.http.get(link), "form"), "reward": "thanks"}}


async def unsubscribe(hub: Hub) -> tuple[str, Request]:
    link = path(Links(hub.settings).unsubscribe((await granted(hub)).id, BY_EMAIL, now=now()))
    return link, {"data": {"form": hidden(await hub.http.get(link), "form")}}


async def unsubscribe_by_one_click(hub: Hub) -> tuple[str, Request]:
    link = path(Links(hub.settings).unsubscribe((await granted(hub)).id, BY_EMAIL, now=now()))
    return link, {"data": {"List-Unsubscribe": "One-Click"}}


async def reports(hub: Hub) -> tuple[str, Request]:
    del hub
    one = await posting.queued(message(await posting.ada()))
    told = {"hub_message": str(one.id), "timestamp": int(now().timestamp()), "email": ADA}
    return "/webhooks/sendgrid", signing.sendgrid_post(
        {**told, "event": "delivered", "sg_event_id": "1"},
        {**told, "event": "bounce", "type": "blocked", "sg_event_id": "2"},
    )


async def status(hub: Hub) -> tuple[str, Request]:
    one = await posting.queued(message(await posting.ada(), channels=(Channel.SMS,)))
    path = f"/webhooks/twilio?message={one.id}"
    fields = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30005", "To": "+4915123456789"}
    return path, signing.twilio_post(f"{hub.settings.public_url}{path}", fields)


async def stop(hub: Hub) -> tuple[str, Request]:
    ada = await posting.ada(phone="+4915123456789")
    owned = Owned(Identifier(IdentifierKind.PHONE, "+4915123456789"), ada, verified=True)
    await identifier_store.claim([owned], at=now())
    fields = {"MessageSid": "SM1", "From": "+4915123456789", "To": "+15005550006", "Body": "STOP"}
    return "/webhooks/twilio", signing.twilio_post(f"{hub.settings.public_url}/webhooks/twilio", fields)


async def reviewed(hub: Hub) -> tuple[str, Request]:
    del hub
    one = {"id": "R-1", "productId": "P-1", "stars": 4, "text": "Tastes of plums", "email": ADA}
    return "/webhooks/reviews", signing.reviews_post(one, {**one, "id": "R-2", "withdrawn": True})


ROUTES: Final[Mapping[str, tuple[Prepare, ...]]] = {
    "/v1/{call}": (events,),
    "/pos/v1/customers": (visit,),
    "/pos/v1/orders": (sale,),
    "/pos/v1/refunds": (refund,),
    "/pos/v1/batch": (till_was_offline,),
    "/pos/v1/vouchers/use": (use_voucher,),
    "/pos/v1/vouchers/reserve": (reserve_voucher,),
    "/pos/v1/vouchers/release": (release_voucher,),
    "/pos/v1/days": (day_closed,),
    "/graphql": (mutation,),
    "/m/s": (ask_to_sign_in,),
    "/m/s/code": (sign_in_by_code,),
    "/m/s/{token}": (sign_in_by_link,),
    "/m/p/{token}": (choose,),
    "/m/p/{token}/confirm": (confirm,),
    "/m/r/{token}": (redeem_on_a_page,),
    "/m/u/{token}": (unsubscribe, unsubscribe_by_one_click),
    "/webhooks/sendgrid": (reports,),
    "/webhooks/twilio": (status, stop),
    "/webhooks/reviews": (reviewed,),
}

WRITTEN: Final[Mapping[Prepare, Mapping[str, int]]] = {
    events: {"events": 3},
    visit: {"events": 1},
    sale: {"events": 1},
    refund: {"events": 1},
    till_was_offline: {"events": 2},
    use_voucher: {},
    reserve_voucher: {},
    release_voucher: {},
    day_closed: {"till_days": 1},
    mutation: {"topics": 1, "audit": 1},
    ask_to_sign_in: {"sign_ins": 1, "messages": 1, "audit": 1},
    sign_in_by_code: {"known_devices": 1, "audit": 1},
    sign_in_by_link: {"known_devices": 1, "audit": 1},
    choose: {"consents": 1, "events": 1, "audit": 1},
    confirm: {"consents": 1, "events": 1, "audit": 1},
    redeem_on_a_page: {"vouchers": 1, "audit": 1},
    unsubscribe: {"consents": 1, "events": 1, "audit": 1},
    unsubscribe_by_one_click: {"consents": 1, "events": 1, "audit": 1},
    reports: {"reports": 1},
    status: {"events": 1, "suppressions": 1, "handled": 1},
    reviewed: {"events": 2},
    stop: {"events": 2, "suppressions": 1, "consents": 1, "handled": 1},
}
"""How many rows each of them leaves, by collection."""


def test_every_route_that_writes_stands_in_the_table(app: Any) -> None:
    assert isinstance(app, RequestLog)
    routes = [it for it in app._app.routes if isinstance(it, Route)]  # type: ignore[attr-defined]
    writing = {it.path for it in routes if (it.methods or set()) - READING}
    missing = writing ^ ROUTES.keys()
    assert not missing, f"Give {missing} a line in ROUTES, with a real request that has a key."
    assert {it for several in ROUTES.values() for it in several} == WRITTEN.keys()


@pytest.mark.parametrize("prepare", WRITTEN, ids=lambda it: it.__name__)
async def test_fifty_requests_at_once_and_one_more_write_what_one_writes(
    hub: Hub, database: Database, prepare: Prepare
) -> None:
    address, request = await prepare(hub)
    before = await rows(database)

    answers = await asyncio.gather(*(hub.http.post(address, **request) for _ in range(AT_ONCE)))
    written = await rows(database) - before
    again = await hub.http.post(address, **request)

    done = [it for it in answers if not is_later(it)]
    assert {(it.status_code, said(it)) for it in [*done, again]} == {(done[0].status_code, said(done[0]))}
    assert done[0].status_code in {200, 303}
    assert written == Counter(WRITTEN[prepare])
    assert await rows(database) - before == written


async def test_the_same_key_with_other_calls_is_refused_and_stores_nothing(hub: Hub, database: Database) -> None:
    address, request = await events(hub)
    await hub.http.post(address, **request)
    other = {"batch": [{"type": "track", "userId": "bob", "event": "Scanned"}]}

    refused = await hub.http.post(address, **{**request, "json": other})
    another = await hub.http.post(
        address, **{**request, "json": other, "headers": {**request["headers"], "Idempotency-Key": "slip 4712"}}
    )

    assert (refused.status_code, refused.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert another.status_code == 200
    assert await database["events"].count_documents({"user_id": "bob"}) == 1


async def test_calls_under_a_key_are_stored_once_also_when_their_answer_was_forgotten(
    hub: Hub, database: Database
) -> None:
    address, request = await events(hub)
    await hub.http.post(address, **request)
    await database["idempotency"].delete_many({})

    assert (await hub.http.post(address, **request)).json() == {"success": True, "refused": []}

    assert await database["events"].count_documents({}) == 3


async def test_a_message_id_counts_more_than_the_key_of_its_request(hub: Hub, database: Database) -> None:
    address, request = await events(hub)
    call = {"type": "track", "userId": "ada", "event": "Scanned", "messageId": "m1"}
    for key in ("one", "two"):
        headers = {**request["headers"], "Idempotency-Key": key}
        await hub.http.post(address, json={"batch": [call, {**call, "event": ""}]}, headers=headers)

    assert [it["message_id"] async for it in database["events"].find()] == ["m1"]


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_what_cannot_be_a_key_is_refused(hub: Hub, database: Database, key: str) -> None:
    address, request = await events(hub)

    refused = await hub.http.post(address, **{**request, "headers": {**request["headers"], "Idempotency-Key": key}})

    assert (refused.status_code, refused.json()["code"]) == (400, "BAD_USER_INPUT")
    assert await database["events"].count_documents({}) == 0


async def ada(hub: Hub) -> Profile:
    await hub.identify("ada", email=ADA)
    return await found("ada")


async def granted(hub: Hub) -> Profile:
    profile = await ada(hub)
    await consents.say(profile, [Word(BY_EMAIL, ConsentState.GRANTED)], by=SHOP, cause="granted", now=now())
    return profile


async def asked_to_sign_in(hub: Hub) -> tuple[Response, UUID]:
    await ada(hub)
    address, form = await ask_to_sign_in(hub)
    page = await hub.http.post(address, **form)
    return page, UUID(hidden(page, "sign_in"))


def hidden(page: Response, name: str) -> str:
    value = re.search(rf'name="{name}" value="([^"]+)"', page.text)
    assert value, page.text
    return value[1]


def path(link: str) -> str:
    return urlsplit(link).path


def is_later(answer: Response) -> bool:
    """Tell whether another request is at work on it, and it is said when to come again."""
    if answer.status_code in {409, 503}:
        return "retry-after" in answer.headers
    return '"code":"CONFLICT"' in answer.text and '"retryAfter":' in answer.text


def said(answer: Response) -> str:
    """Give what an answer says, but for the key of a page's next form, links made anew and leases renewed."""
    leads_to = re.sub(r"/m/p/[\w-]+", "/m/p/T", answer.headers.get("location", ""))
    told = re.sub(r'"leased_until":"[^"]+"', "", answer.text)
    return re.sub(r'name="key" value="[^"]+"', "", told) + leads_to


async def rows(database: Database) -> Counter[str]:
    names = set(await database.list_collection_names()) - OF_THE_HUB
    return Counter({name: await database[name].count_documents({}) for name in names if not name.startswith("system.")})
