"""Every mutation is done once under its key, compares its input, and leaves one entry in the audit."""

import base64
from collections.abc import Mapping
from typing import Final

import pytest

from hub.access import audit
from hub.access.audit import EntryDocument
from hub.access.grants import KeyKind
from hub.broadcasts import store as broadcasts
from hub.profiles import clashes
from hub.profiles.model import Identifier, IdentifierKind
from hub.reviews.store import ReviewDocument
from hub_api.nodes import global_id
from hub_api.schema import build
from tests.hub_api import once_loyalty, signing_in
from tests.hub_api.conftest import JOURNEY, NOON, Hub
from tests.hub_api.preparing import (
    Given,
    Prepare,
    complete_sign_in,
    done,
    of_a_profile,
    profile_of,
    staff,
)
from tests.hub_api.test_inbox import tell

LONG_AGO: Final = "2026-04-01T12:00:00Z"
SHIPPING: Final = "{shipping: standard, currency: EUR, rules: [{name: all, methods: [standard], flat: 4.90}]}"


async def track(hub: Hub) -> tuple[str, Given, Given]:
    given = {"event": "Order Completed", "userId": "ada"}
    return await hub.key(KeyKind.SERVER), given, {**given, "userId": "bob"}


async def publish_journey(hub: Hub) -> tuple[str, Given, Given]:
    await hub.publish()
    sources = [JOURNEY.replace("1h", wait) for wait in ("2h", "3h")]
    return await staff(hub), {"source": sources[0]}, {"source": sources[1]}


async def publish_shipping_rules(hub: Hub) -> tuple[str, Given, Given]:
    return await staff(hub), {"source": SHIPPING}, {"source": SHIPPING.replace("4.90", "5.90")}


async def publish_rollup(hub: Hub) -> tuple[str, Given, Given]:
    sources = [f"{{rollup: visits, event: {name} Viewed}}" for name in ("Page", "Screen")]
    return await staff(hub), {"source": sources[0]}, {"source": sources[1]}


async def publish_segment(hub: Hub) -> tuple[str, Given, Given]:
    sources = [f"{{segment: vips, when: profile.vip = {value}}}" for value in ("true", "false")]
    return await staff(hub), {"source": sources[0]}, {"source": sources[1]}


async def publish_policy(hub: Hub) -> tuple[str, Given, Given]:
    sources = [f"policy: contact\ncaps: [{{most: {most}, per: 24h}}]\n" for most in (2, 3)]
    return await staff(hub), {"source": sources[0]}, {"source": sources[1]}


async def upload_asset(hub: Hub) -> tuple[str, Given, Given]:
    gifs = [b"GIF89a" + bytes([width, 0, 1, 0]) + b";" for width in (1, 2)]
    contents = [base64.b64encode(it).decode() for it in gifs]
    return await staff(hub), {"content": contents[0]}, {"content": contents[1]}


async def publish_brand(hub: Hub) -> tuple[str, Given, Given]:
    sources = [f"{{brand: a, name: {name}, colours: {{}}, fonts: {{}}}}" for name in ("One", "Two")]
    return await staff(hub), {"source": sources[0]}, {"source": sources[1]}


async def publish_snippet(hub: Hub) -> tuple[str, Given, Given]:
    sources = [f"{{snippet: a, texts: {{en: {text}}}}}" for text in ("One", "Two")]
    return await staff(hub), {"source": sources[0]}, {"source": sources[1]}


async def approve_snippet(hub: Hub) -> tuple[str, Given, Given]:
    key, given, _ = await publish_snippet(hub)
    await done(hub, "publishSnippet", key, {"idempotencyKey": "before", **given})
    return await staff(hub), {"name": "a", "version": 1}, {"name": "a", "version": 2}


async def publish_template(hub: Hub) -> tuple[str, Given, Given]:
    files = [{"files": [{"path": "en/sms", "source": text}]} for text in ("One", "Two")]
    return await staff(hub), {"name": "a", **files[0]}, {"name": "a", **files[1]}


async def send_test(hub: Hub) -> tuple[str, Given, Given]:
    given = {"name": "sign-in", "to": "bob@shop.example"}
    return await staff(hub), given, {**given, "to": "eve@shop.example"}


async def publish_question(hub: Hub) -> tuple[str, Given, Given]:
    sources = [f"{{question: a, texts: {{en: A?}}, answers: [{{answer: {it}, texts: {{en: B}}}}]}}" for it in "bc"]
    return await staff(hub), {"source": sources[0]}, {"source": sources[1]}


async def answer_question(hub: Hub) -> tuple[str, Given, Given]:
    key, published, _ = await publish_question(hub)
    await done(hub, "publishQuestion", key, {"idempotencyKey": "before", **published})
    await hub.identify("ada")
    given = {"question": "a", "version": 1, "answers": ["b"]}
    return hub.token("ada"), given, {**given, "answers": ["c"]}


async def publish_review_rules(hub: Hub) -> tuple[str, Given, Given]:
    sources = [f"{{reviews: rules, approve: {{score_from: {score}}}}}" for score in (0, 1)]
    return await staff(hub), {"source": sources[0]}, {"source": sources[1]}


async def submit_review(hub: Hub) -> tuple[str, Given, Given]:
    lines = [{"product_id": "P-1", "quantity": 1, "price": 5}, {"product_id": "P-2", "quantity": 1, "price": 5}]
    await hub.track("ada", "Order Completed", order_id="A-1", total=10, currency="EUR", products=lines)
    given = {"productId": "P-1", "stars": 4, "text": "Tastes of plums", "consentVersion": "v1"}
    return hub.token("ada"), given, {**given, "stars": 5}


async def of_a_review(hub: Hub) -> tuple[str, Given, Given]:
    key, one, _ = await submit_review(hub)
    for number, given in enumerate((one, {**one, "productId": "P-2"})):
        await done(hub, "submitReview", key, {"idempotencyKey": f"before {number}", **given})
    ids = [{"id": global_id("Review", it.id), "reason": "So"} async for it in ReviewDocument.find_all()]
    return await staff(hub), ids[0], ids[1]


async def approve_review(hub: Hub) -> tuple[str, Given, Given]:
    key, *both = await of_a_review(hub)
    return key, {"id": both[0]["id"]}, {"id": both[1]["id"]}


async def delete_segment(hub: Hub) -> tuple[str, Given, Given]:
    key, given, _ = await publish_segment(hub)
    await done(hub, "publishSegment", key, {"idempotencyKey": "before", **given})
    return key, {"name": "vips"}, {"name": "others"}


async def merge_profiles(hub: Hub) -> tuple[str, Given, Given]:
    key, ada, bob = await of_a_profile(hub)
    return key, {"into": ada["id"], "absorb": bob["id"]}, {"into": bob["id"], "absorb": ada["id"]}


async def unmerge_profiles(hub: Hub) -> tuple[str, Given, Given]:
    key, merged, _ = await merge_profiles(hub)
    await done(hub, "mergeProfiles", key, {"idempotencyKey": "before", **merged})
    return key, {"absorbed": merged["absorb"]}, {"absorbed": merged["into"]}


async def dismiss_clash(hub: Hub) -> tuple[str, Given, Given]:
    ada, bob = await profile_of(hub, "ada"), await profile_of(hub, "bob")
    named = [Identifier(IdentifierKind.EMAIL, f"{name}@example.com") for name in ("ada", "bob")]
    found = [clashes.Clash(ada, bob, it, "shop", NOON) for it in named]
    await clashes.record(found)
    ids = [{"id": global_id("Clash", it.id)} for it in found]
    return await staff(hub), ids[0], ids[1]


async def create_key(hub: Hub) -> tuple[str, Given, Given]:
    return await staff(hub), {"kind": "SERVER", "source": "till"}, {"kind": "CLIENT", "source": "till"}


async def rotate_key(hub: Hub) -> tuple[str, Given, Given]:
    id_ = (await hub.key(KeyKind.SERVER)).split("_")[2]
    return await staff(hub), {"id": id_}, {"id": id_, "overlapSeconds": 60}


async def revoke_key(hub: Hub) -> tuple[str, Given, Given]:
    id_ = (await hub.key(KeyKind.SERVER)).split("_")[2]
    return await staff(hub), {"id": id_}, {"id": id_, "olderOnly": True}


async def upsert_products(hub: Hub) -> tuple[str, Given, Given]:
    product = {
        "productId": "P-1",
        "names": [{"language": "en", "text": "Milk"}],
        "updatedAt": LONG_AGO,
        "variants": [{"sku": "A-1"}],
    }
    return await staff(hub), {"products": [product]}, {"products": [{**product, "category": "dairy"}]}


async def upsert_stores(hub: Hub) -> tuple[str, Given, Given]:
    store = {
        "storeId": "S-1",
        "name": "One",
        "timeZone": "Europe/Berlin",
        "updatedAt": LONG_AGO,
        "address": {"street": "1 High Street", "city": "Berlin", "postalCode": "10115", "country": "DE"},
    }
    return await staff(hub), {"stores": [store]}, {"stores": [{**store, "name": "Two"}]}


async def set_stock(hub: Hub) -> tuple[str, Given, Given]:
    level = {"sku": "A-1", "location": "S-1", "onHand": 3, "updatedAt": LONG_AGO}
    return await staff(hub), {"levels": [level]}, {"levels": [{**level, "onHand": 4}]}


async def notify_when_back(hub: Hub) -> tuple[str, Given, Given]:
    key, products, _ = await upsert_products(hub)
    await done(hub, "upsertProducts", key, {"idempotencyKey": "before", **products})
    await hub.identify("ada")
    return hub.token("ada"), {"sku": "A-1"}, {"sku": "A-2"}


async def set_consent(hub: Hub) -> tuple[str, Given, Given]:
    key, ada, _ = await of_a_profile(hub)
    given = {**ada, "granted": True, "topic": "marketing", "channel": "EMAIL"}
    return key, given, {**given, "granted": False}


async def suppress_address(hub: Hub) -> tuple[str, Given, Given]:
    given = {"channel": "EMAIL", "address": "ada@example.com", "reason": "REQUESTED"}
    return await staff(hub), given, {**given, "address": "bob@example.com"}


async def lift_suppression(hub: Hub) -> tuple[str, Given, Given]:
    key, suppressed, _ = await suppress_address(hub)
    await done(hub, "suppressAddress", key, {"idempotencyKey": "before", **suppressed})
    given = {"channel": "EMAIL", "address": "ada@example.com"}
    return key, given, {**given, "address": "bob@example.com"}


async def save_topic(hub: Hub) -> tuple[str, Given, Given]:
    text = [{"language": "en", "text": "Wine"}]
    given = {"name": "wine", "brand": "default", "topicClass": "MARKETING", "names": text, "descriptions": []}
    return await staff(hub), given, {**given, "topicClass": "TRANSACTIONAL"}


async def request_sign_in(hub: Hub) -> tuple[str, Given, Given]:
    given = {"email": "ada@example.com", "deviceSecret": signing_in.PHONE}
    return await hub.key(KeyKind.CLIENT), given, {**given, "email": "bob@example.com"}


async def set_profile_fields(hub: Hub) -> tuple[str, Given, Given]:
    await hub.identify("ada")
    return hub.token("ada"), {"fields": {"hobby": "tea"}}, {"fields": {"hobby": "chess"}}


async def register_device(hub: Hub) -> tuple[str, Given, Given]:
    await hub.identify("ada")
    given = {"app": "shop", "platform": "IOS", "token": "t1", "installationId": "i-1"}
    return hub.token("ada"), given, {**given, "token": "t2"}


async def unregister_device(hub: Hub) -> tuple[str, Given, Given]:
    key, registered, _ = await register_device(hub)
    await done(hub, "registerDevice", key, {"idempotencyKey": "before", **registered})
    given = {"app": "shop", "installationId": "i-1"}
    return key, given, {**given, "installationId": "i-2"}


async def create_broadcast(hub: Hub) -> tuple[str, Given, Given]:
    key, published, _ = await publish_segment(hub)
    await done(hub, "publishSegment", key, {"idempotencyKey": "before", **published})
    await hub.publish()  # for its template
    given = {"name": "Sale", "segment": "vips", "template": "reminder", "at": "2027-01-01T09:00:00Z"}
    return key, given, {**given, "name": "Another sale"}


async def of_a_broadcast(hub: Hub) -> tuple[str, Given, Given]:
    key, *both = await create_broadcast(hub)
    for number, given in enumerate(both):
        await done(hub, "createBroadcast", key, {"idempotencyKey": f"created {number}", **given})
    one, another = [it.id async for it in broadcasts.BroadcastDocument.find_all()]
    return key, {"id": global_id("Broadcast", one)}, {"id": global_id("Broadcast", another)}


async def of_a_paused_broadcast(hub: Hub) -> tuple[str, Given, Given]:
    key, *both = await of_a_broadcast(hub)
    for number, given in enumerate(both):
        await done(hub, "pauseBroadcast", key, {"idempotencyKey": f"paused {number}", **given})
    return key, both[0], both[1]


async def publish_content(hub: Hub) -> tuple[str, Given, Given]:
    sources = [f"content: sale\nsurface: popup\ntexts: {{en: {{text: {it}}}}}\n" for it in ("Look", "See")]
    return await staff(hub), {"source": sources[0]}, {"source": sources[1]}


async def delete_content(hub: Hub) -> tuple[str, Given, Given]:
    key, published, _ = await publish_content(hub)
    await done(hub, "publishContent", key, {"idempotencyKey": "before", **published})
    return key, {"name": "sale"}, {"name": "sales"}


async def report_content(hub: Hub) -> tuple[str, Given, Given]:
    await delete_content(hub)
    await hub.identify("ada")
    given = {"contentId": "sale/1", "what": "SHOWN"}
    return hub.token("ada"), given, {**given, "what": "CLICKED"}


async def of_the_inbox(hub: Hub) -> tuple[str, Given, Given]:
    await hub.identify("ada")
    one, another = [await tell(hub, "ada", number) for number in range(2)]
    return hub.token("ada"), {"messageId": one}, {"messageId": another}


async def sign_out(hub: Hub) -> tuple[str, Given, None]:
    await hub.identify("ada")
    return hub.token("ada"), {}, None


MUTATIONS: Final[Mapping[str, Prepare]] = {
    **once_loyalty.MUTATIONS,
    "track": track,
    "publishPolicy": publish_policy,
    "publishContent": publish_content,
    "deleteContent": delete_content,
    "reportContent": report_content,
    "readInboxMessage": of_the_inbox,
    "archiveInboxMessage": of_the_inbox,
    "uploadAsset": upload_asset,
    "publishSnippet": publish_snippet,
    "publishBrand": publish_brand,
    "approveSnippet": approve_snippet,
    "publishTemplate": publish_template,
    "sendTest": send_test,
    "publishJourney": publish_journey,
    "publishQuestion": publish_question,
    "answerQuestion": answer_question,
    "publishReviewRules": publish_review_rules,
    "submitReview": submit_review,
    "approveReview": approve_review,
    "refuseReview": of_a_review,
    "removeReview": of_a_review,
    "publishRollup": publish_rollup,
    "publishSegment": publish_segment,
    "deleteSegment": delete_segment,
    "createBroadcast": create_broadcast,
    "pauseBroadcast": of_a_broadcast,
    "resumeBroadcast": of_a_paused_broadcast,
    "cancelBroadcast": of_a_broadcast,
    "publishShippingRules": publish_shipping_rules,
    "mergeProfiles": merge_profiles,
    "unmergeProfiles": unmerge_profiles,
    "dismissClash": dismiss_clash,
    "createKey": create_key,
    "rotateKey": rotate_key,
    "revokeKey": revoke_key,
    "upsertProducts": upsert_products,
    "upsertStores": upsert_stores,
    "setStock": set_stock,
    "notifyWhenBack": notify_when_back,
    "exportProfile": of_a_profile,
    "eraseProfile": of_a_profile,
    "setConsent": set_consent,
    "suppressAddress": suppress_address,
    "liftSuppression": lift_suppression,
    "saveTopic": save_topic,
    "requestSignIn": request_sign_in,
    "completeSignIn": complete_sign_in,
    "signOut": sign_out,
    "setProfileFields": set_profile_fields,
    "registerDevice": register_device,
    "unregisterDevice": unregister_device,
}

ENTRIES: Final = {"track": 0, "reportContent": 0}
"""How many entries a mutation leaves, where it is not one: an event is a record itself, that never changes."""


def test_every_mutation_stands_in_the_table() -> None:
    mutation = build(introspection=True)._schema.mutation_type
    assert mutation
    missing = mutation.fields.keys() ^ MUTATIONS.keys()
    assert not missing, f"Give {missing} a line in MUTATIONS, with a real input and another one."


@pytest.mark.parametrize("name", MUTATIONS)
async def test_every_mutation_leaves_one_entry_also_when_repeated_and_compares_its_key(hub: Hub, name: str) -> None:
    key, given, other = await MUTATIONS[name](hub)
    before = await changes()

    first = await done(hub, name, key, {"idempotencyKey": "k1", **given})
    assert first["__typename"].endswith("Payload"), first
    assert await changes() - before == ENTRIES.get(name, 1)

    if other is not None:
        assert await done(hub, name, key, {"idempotencyKey": "k1", **given}) == first
        refused = await done(hub, name, key, {"idempotencyKey": "k1", **other})
        assert refused == {"__typename": "IdempotencyKeyReused", "code": "IDEMPOTENCY_KEY_REUSED"}
    assert await changes() - before == ENTRIES.get(name, 1)
    assert (await audit.verify()).fault is None


async def changes() -> int:
    """Count the entries of changes; reading leaves others."""
    return await EntryDocument.get_pymongo_collection().count_documents({"what": {"$ne": audit.READ}})
