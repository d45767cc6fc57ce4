"""Reviews in MongoDB, and the versions of their rules.

A review changes by one transaction with what the hub announces of it: a process that dies leaves both or neither.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final, TypeAlias
from uuid import UUID

from pymongo import IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from hub import database, definitions, seal
from hub.database import EVERY_ROW, Keyed, OwnIds, Row
from hub.definitions import DefinitionDocument, Definitions
from hub.events.announcing import Announcement
from hub.events.store import EventDocument
from hub.kit.pages import Page, Span
from hub.reviews import language
from hub.reviews.language import NAME
from hub.reviews.model import MOST_STARS, WAITING, By, Fault, Purchase, Rating, Review, Said, State, Text
from hub.reviews.quality import Rules
from hub.seal import Personal


class ReviewRulesDocument(DefinitionDocument):
    """A published version of the rules of reviews."""

    class Settings:
        """Where its versions lie and how they are found."""

        name = "review_rules_versions"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [*definitions.INDEXES]


class ReviewDocument(Keyed):
    """A review at rest. `_id` is made of product and profile. `waits` says whether the staff have to look at it.

    `order_source`, `order_id` and `line` name the purchase.
    """

    rev: int
    product_id: str
    profile_id: UUID
    source: str
    review_id: str | None = None
    stars: int
    text: str
    title: str | None
    photos: int
    language: str | None
    consent_version: str | None
    show_name: bool
    said_at: datetime
    order_source: str
    order_id: str
    line: int
    state: State
    waits: bool
    by: By
    reason: str | None
    score: int
    faults: list[Fault]
    at: datetime
    changed_at: datetime
    was: State | None
    watched: bool
    keys: list[UUID]

    class Settings:
        """Where reviews lie and how they are found."""

        name = "reviews"
        # The whole row goes: what nobody stands for any more is no review, and leaves the count of stars too.
        personal = Personal("profile_id", ("text", "title", "reason"))
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("profile_id", 1), ("at", -1), ("_id", -1)], name="profile"),
            IndexModel([("product_id", 1), ("state", 1), ("at", -1), ("_id", -1)], name="product"),
            # Holds all that the count of stars asks for, so that it reads no review.
            IndexModel([("product_id", 1), ("state", 1), ("stars", 1)], name="stars"),
            IndexModel([("at", -1), ("_id", -1)], name="waiting", partialFilterExpression={"waits": True}),
            IndexModel([("at", -1), ("_id", -1)], name="newest"),
            IndexModel(
                [("source", 1), ("review_id", 1)],
                name="outside",
                partialFilterExpression={"review_id": {"$type": "string"}},
            ),
        ]


ProductKey: TypeAlias = tuple[str]
"""A product, as pages are asked for."""

DEFINITIONS: Final = Definitions(ReviewRulesDocument, "review rules")


class _Kept:
    """The rules that this process has read last, and which they were."""

    mark: Row | None = None
    rules = Rules()


async def rules() -> Rules:
    """Give the rules that hold: one small read, and the document if another was published since.

    Without any, each review waits for the staff.
    """
    collection = ReviewRulesDocument.get_pymongo_collection()
    mark = await collection.find_one({}, {"edition": 1, "digest": 1}, sort=[("edition", -1)])
    if mark != _Kept.mark:
        live = await DEFINITIONS.live([NAME])
        _Kept.rules, _Kept.mark = language.read(live[0].source) if live else Rules(), mark
    return _Kept.rules


async def load(review_ids: Collection[UUID]) -> dict[UUID, Review]:
    """Read reviews. Those that do not exist are left out."""
    if not review_ids:
        return {}
    found = ReviewDocument.get_pymongo_collection().find({"_id": {"$in": list(review_ids)}})
    return {row["_id"]: review_of(row) async for row in found}


async def of(own_ids: Collection[UUID], product_id: str | None = None) -> list[Review]:
    """Read the reviews of a person, of one product or of all, the first one first."""
    where: Row = {"profile_id": {"$in": list(own_ids)}}
    if product_id is not None:
        where["product_id"] = product_id
    found = ReviewDocument.get_pymongo_collection().find(where).sort([("at", 1), ("_id", 1)])
    return [review_of(row) async for row in found]


async def with_any(owners: Mapping[UUID, UUID]) -> set[UUID]:
    """Tell which heads have a review, they or whom they absorbed. `owners` are heads by their own ids."""
    found = ReviewDocument.get_pymongo_collection().find({"profile_id": {"$in": list(owners)}}, {"profile_id": 1})
    return {owners[row["profile_id"]] async for row in found}


async def named(source: str, review_id: str) -> Review | None:
    """Find a review by its name in the source that brought it."""
    row = await ReviewDocument.get_pymongo_collection().find_one({"source": source, "review_id": review_id})
    return None if row is None else review_of(row)


async def page(wanted: Span, *, states: Collection[State], product_id: str | None = None) -> Page[Review]:
    """Read a page of the reviews in these states, of one product or of all, newest first."""
    where: Row = {"state": {"$in": sorted(states)}}
    if states and WAITING.issuperset(states):
        where["waits"] = True  # their index holds no others
    if product_id is not None:
        where["product_id"] = product_id
    rows = await database.page(ReviewDocument, wanted, by="at", where=where)
    return rows.each(review_of)


async def pages(owners: Collection[OwnIds], wanted: Span) -> dict[OwnIds, Page[Review]]:
    """Read a page of each profile's reviews, newest first."""
    found = await database.pages(ReviewDocument, owners, wanted, by="at", where=EVERY_ROW)
    return {owner: it.each(review_of) for owner, it in found.items()}


async def shown(products: Collection[ProductKey], wanted: Span) -> dict[ProductKey, Page[Review]]:
    """Read a page of what is shown of each product, newest first."""
    where = {"state": State.APPROVED.value}
    found = await database.pages(ReviewDocument, products, wanted, by="at", where=where, of="product_id")
    return {product: it.each(review_of) for product, it in found.items()}


async def ratings(product_ids: Collection[str]) -> dict[str, Rating]:
    """Count the stars of what is shown of each product, from an index alone. One of which nothing is shown has none."""
    stages: list[Row] = [
        {"$match": {"product_id": {"$in": list(product_ids)}, "state": State.APPROVED.value}},
        {"$group": {"_id": {"product": "$product_id", "stars": "$stars"}, "count": {"$sum": 1}}},
    ]
    counts = {it: [0] * MOST_STARS for it in product_ids}
    async for row in await ReviewDocument.get_pymongo_collection().aggregate(stages, hint="stars"):
        counts[row["_id"]["product"]][row["_id"]["stars"] - 1] = row["count"]
    return {product: Rating(tuple(it)) for product, it in counts.items()}


class _Changed(Exception):
    """A review is no longer as it was read."""


async def change(before: Review | None, after: Review, announcements: Sequence[Announcement], *, now: datetime) -> bool:
    """Write a review and what is announced of it, both or neither.

    Args:
        before: as it was read; None where there was none.
        after: as it is to be.
        announcements: what the hub says of it.
        now: the time.

    Returns:
        False where it was changed meanwhile, and nothing was written.
    """
    row = _row_of(after)
    said = [seal.shut(EventDocument, it.row(now, place)) for place, it in enumerate(announcements)]
    collection = ReviewDocument.get_pymongo_collection()

    async def write(session: AsyncClientSession) -> None:
        if before is None:
            try:
                await collection.insert_one({"_id": after.id, **row}, session=session)
            except DuplicateKeyError:
                raise _Changed from None
        else:
            guarded = {"_id": before.id, "rev": before.rev}
            if not (await collection.update_one(guarded, {"$set": row}, session=session)).matched_count:
                raise _Changed
        if said:
            await EventDocument.get_pymongo_collection().insert_many(said, session=session)

    async with collection.database.client.start_session() as session:
        try:
            await session.with_transaction(write)
        except _Changed:
            return False
    return True


def review_of(sealed: Mapping[str, Any]) -> Review:
    """Make a review of its row."""
    row = seal.opened(ReviewDocument, sealed)
    return Review(
        id=row["_id"],
        product_id=row["product_id"],
        profile_id=row["profile_id"],
        source=row["source"],
        review_id=row.get("review_id"),
        said=Said(
            stars=row["stars"],
            written=Text(row["text"], row["title"], row["photos"]),
            language=row["language"],
            consent_version=row["consent_version"],
            show_name=row["show_name"],
            at=row["said_at"],
        ),
        purchase=Purchase(row["order_source"], row["order_id"], row["line"]),
        state=State(row["state"]),
        by=By(row["by"]),
        reason=row["reason"],
        score=row["score"],
        faults=tuple(Fault(it) for it in row["faults"]),
        at=row["at"],
        changed_at=row["changed_at"],
        was=State(row["was"]) if row["was"] else None,
        watched=row["watched"],
        keys=tuple(row["keys"]),
        rev=row["rev"],
    )


def _row_of(review: Review) -> Row:
    said, purchase = review.said, review.purchase
    row = {
        "rev": review.rev + 1,
        "product_id": review.product_id,
        "profile_id": review.profile_id,
        "source": review.source,
        "review_id": review.review_id,
        "stars": said.stars,
        "text": said.written.text,
        "title": said.written.title,
        "photos": said.written.photos,
        "language": said.language,
        "consent_version": said.consent_version,
        "show_name": said.show_name,
        "said_at": said.at,
        "order_source": purchase.source,
        "order_id": purchase.order_id,
        "line": purchase.line,
        "state": review.state.value,
        "waits": review.state in WAITING,
        "by": review.by.value,
        "reason": review.reason,
        "score": review.score,
        "faults": [it.value for it in review.faults],
        "at": review.at,
        "changed_at": review.changed_at,
        "was": review.was.value if review.was else None,
        "watched": review.watched,
        "keys": list(review.keys),
    }
    return seal.shut(ReviewDocument, row)
