"""A person of whom every collection holds something, and who is looked for in all of them."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import bson
import msgspec

from hub.access.allowance import Asker
from hub.access.names import Names
from hub.access.signin import Challenge, SignIns
from hub.database import CODEC, Database
from hub.intake.accept import accept
from hub.journeys import runs
from hub.journeys.advance import Advancer
from hub.kit import ids
from hub.membership import service as membership
from hub.membership.model import Joining, Way
from hub.messaging import signing_in
from hub.messaging.dispatch import Dispatcher
from hub.messaging.signing_in import Proof, Wish
from hub.profiles import identifier_store
from hub.profiles import store as profiles
from hub.profiles.model import Identifier, IdentifierKind, Profile
from hub.settings import Settings
from hub.wording.library import Library
from hub.wording.templates import template_of
from runtime import wiring
from tests.intake.inflow import APP, NOW, identify, publish, route_all, said, track
from tests.membership.people import activated

ADA: Final = "ada-4711"
NAME: Final = "Augusta Ada Byron"
EMAIL: Final = "augusta.ada@example.com"
PHONE: Final = "+493012345678"
DEVICE: Final = "the secret of a phone"
TELLTALE: Final = (ADA, NAME, EMAIL, PHONE, "30 1234", "ada-device-0815", "ada-token-0816")

JOURNEY: Final = """
journey: cart
enter: {event: Checkout Started, key: properties.order_id}
steps:
  - send: {template: cart-reminder, channels: [email]}
  - wait: 1h
  - send: {template: cart-reminder, channels: [email]}
"""


async def lives(settings: Settings) -> Profile:
    """Let Ada browse, sign in, check out and be reminded; let a call of hers be refused, and Bob live beside her."""
    await _asks_to_sign_in(EMAIL, settings)  # as somebody whom nobody knows
    await Library().save(
        template_of(
            "cart-reminder", {"en/subject": "Dear {{ profile.name }}", "en/text": "Still? {{ links.unsubscribe }}"}
        )
    )
    await publish(JOURNEY)
    traits = {"name": NAME, "email": EMAIL.title(), "phone": "+49 30 12345678"}
    await said(
        track("Product Viewed", anonymousId="ada-device-0815", messageId="ada-1"),
        identify(anonymousId="ada-device-0815", userId=ADA, traits=traits, messageId="ada-2"),
        source=APP,
    )
    await said(track("App Opened", userId=ADA, context={"device": {"token": "ada-token-0816"}}, messageId="ada-3"))
    await said(identify(userId=ADA, traits=traits, messageId="ada-4"), _checkout(ADA, "A-1", NAME))
    await said(
        identify(userId="bob", traits={"name": "Bob", "email": "bob@example.com"}), _checkout("bob", "B-1", "Bob")
    )
    asked = await _shops(ADA, NAME, EMAIL, settings)
    await _shops("bob", "Bob", "bob@example.com", settings)
    refused = [{"type": "track", "userId": ADA, "traits": traits}, {"type": "track", "userId": "bob"}]
    receipt = await accept(APP, [msgspec.json.encode(call) for call in refused], now=NOW)
    assert len(receipt.refused) == 2
    await route_all()
    await advance(settings)
    await _signs_in(asked, settings)
    await activated("club")
    for user in (ADA, "bob"):
        await membership.join(
            await of_user(user), "club", Joining(Way.STORE, "S-1"), cause=ids.new_id(), at=NOW, now=NOW
        )
    await route_all()
    return await of_user(ADA)


async def of_user(user_id: str) -> Profile:
    user = Identifier(IdentifierKind.USER, user_id)
    profile_id = (await identifier_store.owners([user]))[user].profile_id
    return (await profiles.heads([profile_id]))[profile_id]


async def advance(settings: Settings) -> None:
    """Let runs go on, and send what they have to say."""
    later = NOW + timedelta(seconds=1)
    while await Advancer().advance("cart/1/0", lambda: later):
        pass
    dispatcher = Dispatcher(settings, wiring.senders(settings), Library(), lambda: later)
    while await dispatcher.step():
        pass


async def found(database: Database, words: Sequence[str] = TELLTALE) -> dict[str, list[str]]:
    """Tell in which collections, in whatever field, one of these words stands."""
    places: dict[str, list[str]] = {}
    for name in await database.list_collection_names():
        async for row in database[name].find():
            stored = _flat(row)
            if told := [word for word in words if re.search(re.escape(word), stored, re.IGNORECASE)]:
                places.setdefault(name, []).extend(told)
    return {name: sorted(set(told)) for name, told in places.items()}


def _flat(row: Any) -> str:
    return bson.encode(row, codec_options=CODEC).decode("utf-8", errors="replace")


async def live_runs(profile: Profile) -> int:
    return len(await runs.waiting(profile.own_ids))


async def _shops(user: str, name: str, email: str, settings: Settings) -> Challenge:
    """Let somebody fill a cart, buy, bring a part back, wait for something, agree to messages, and ask for a code."""
    line = {"product_id": "P-1", "quantity": 2, "price": 10, "name": f"Cup of {name}"}
    order = {"order_id": f"{user[:3]}-O-1", "currency": "EUR", "products": [line]}
    happened = {
        "Product Added": {"cart_id": "C-1", **line},
        "Order Completed": {**order, "total": 20, "coupon": f"dear {name}", "products": [line, {"product_id": "P-2"}]},
        "Product Reviewed": {"product_id": "P-2", "rating": 5, "review_body": f"{name} was here"},
        "Order Refunded": {**order, "total": 5, "refund_id": "R-1", "reason": f"said {name}"},
        "Back In Stock Requested": {"sku": "A-1"},
        "Consent Granted": {"channel": "email", "version": "v7"},
    }
    await said(
        *(track(event, userId=user, messageId=f"{user} {event}", properties=it) for event, it in happened.items())
    )
    await route_all()
    return await _asks_to_sign_in(email, settings)


async def _signs_in(asked: Challenge, settings: Settings) -> None:
    sign_ins = SignIns(settings)
    proof = Proof(asked.id, DEVICE, sign_ins.code(asked.id))
    await signing_in.complete(proof, sign_ins, Names(settings), cause=ids.new_id(), now=NOW)


async def _asks_to_sign_in(email: str, settings: Settings) -> Challenge:
    wish = Wish(IdentifierKind.EMAIL, email, DEVICE)
    return await signing_in.ask(wish, Asker("app"), Names(settings), cause=ids.new_id(), now=NOW)


def _checkout(user: str, order: str, name: str) -> dict[str, Any]:
    return track(
        "Checkout Started",
        userId=user,
        messageId=f"checkout {order}",
        properties={"order_id": order, "value": 5, "name": name},
    )
