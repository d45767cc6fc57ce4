"""Posters in MongoDB. Of those in use, each has a word of its own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from pymongo import IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from hub import database
from hub.access.audit import Change
from hub.access.model import Caller
from hub.commerce import checks, posters, stores
from hub.commerce.checks import BadCommerce
from hub.commerce.posters import NoSuchPoster, Poster, Purpose, Wanted, WordTaken
from hub.database import Keyed, Row
from hub.kit import ids
from hub.kit.pages import Page, Span
from hub.profiles import keywords
from hub.profiles.codes import code_form, code_of


class PosterDocument(Keyed):
    """A poster at rest. `_id` is made of its code, `cause` is the key of the request that made it."""

    code: str
    purpose: Purpose
    program: str
    brand: str
    store_id: str | None
    campaign: str | None
    word: str | None = None
    consent_version: str | None
    expires_at: datetime | None
    enabled: bool
    made_at: datetime
    cause: UUID

    class Settings:
        """Where posters lie and how they are found. Of those in use, each has a word of its own."""

        name = "posters"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("made_at", -1), ("_id", -1)], name="newest"),
            IndexModel(
                [("word", 1)],
                name="word",
                unique=True,
                partialFilterExpression={"word": {"$exists": True}, "enabled": True},
            ),
        ]


async def make(caller: Caller, wanted: Wanted, *, cause: UUID, now: datetime) -> Poster:
    """Make a poster with a code of its own, in use from now on. Under the same cause it is made once.

    Raises:
        BadCommerce: it cannot be, or there is no such store.
        OutOfReach: the caller is limited to other brands or stores.
        WordTaken: another one has its word.
    """
    about = posters.checked(wanted)
    _check_reach(caller, about)
    if about.store_id is not None and not await stores.load([about.store_id]):
        raise BadCommerce("storeId", "There is no such store.")
    made_at = checks.stamped(now)
    attempt = 0
    while True:
        poster = Poster(code_of(ids.key_of("poster", cause, attempt)), about, enabled=True, made_at=made_at)
        try:
            await PosterDocument.get_pymongo_collection().insert_one(_row_of(poster, cause))
        except DuplicateKeyError:
            row = await PosterDocument.get_pymongo_collection().find_one({"_id": _id_of(poster.code)})
            if row is None:
                raise WordTaken from None
            if row["cause"] == cause:
                return _poster_of(row)
            attempt += 1  # another one's code, by chance
        else:
            return poster


async def change(caller: Caller, code: str, *, enabled: bool, expires_at: datetime | None) -> tuple[Poster, Poster]:
    """Switch a poster on or off and set its end, and give it as it was and as it is. It may be repeated.

    Raises:
        NoSuchPoster: there is none with this code.
        OutOfReach: the caller is limited to other brands or stores.
        WordTaken: another one in use has its word by now.
    """
    before = await load(code)
    _check_reach(caller, before.about)
    try:
        row = await PosterDocument.get_pymongo_collection().find_one_and_update(
            {"_id": _id_of(before.code)},
            {"$set": {"enabled": enabled, "expires_at": expires_at and checks.stamped(expires_at)}},
            return_document=ReturnDocument.AFTER,
        )
    except DuplicateKeyError:
        raise WordTaken from None
    if row is None:
        raise NoSuchPoster
    return before, _poster_of(row)


async def load(code: str) -> Poster:
    """Read the poster with a code, which may be written as people do, or be the address that was scanned.

    Raises:
        NoSuchPoster: there is none.
    """
    form = code_form(code)
    row = await PosterDocument.get_pymongo_collection().find_one({"_id": _id_of(form)}) if form else None
    if row is None:
        raise NoSuchPoster
    return _poster_of(row)


async def with_word(text: str) -> Poster | None:
    """Read the poster in use whose word a text is, whatever its case, punctuation or emoji."""
    word = keywords.normalised(text[: keywords.LONGEST])
    row = await PosterDocument.get_pymongo_collection().find_one({"word": word, "enabled": True}) if word else None
    return _poster_of(row) if row else None


async def page(wanted: Span) -> Page[Poster]:
    """Read a page of posters, the newest first."""
    return (await database.page(PosterDocument, wanted, by="made_at", where={})).each(_poster_of)


def told(what: str, before: Poster | None, after: Poster) -> Change:
    """Say what was done to a poster, for the audit."""
    about = after.about
    stores = frozenset({about.store_id} if about.store_id else ())
    return Change(what, after.code, _stand(before) if before else None, _stand(after), frozenset({about.brand}), stores)


def _stand(poster: Poster) -> Row:
    expires_at = poster.about.expires_at
    return {"enabled": poster.enabled, "expires_at": expires_at.isoformat() if expires_at else None}


def _check_reach(caller: Caller, about: Wanted) -> None:
    checks.check_reach(caller, brands=[about.brand], stores=[about.store_id] if about.store_id else [])


def _id_of(code: str) -> UUID:
    return ids.key_of("poster", code)


_PLAIN: Final = ("program", "brand", "store_id", "campaign", "consent_version", "expires_at")


def _row_of(poster: Poster, cause: UUID) -> Row:
    about = poster.about
    return {
        "_id": _id_of(poster.code),
        "code": poster.code,
        "purpose": about.purpose.value,
        **{name: getattr(about, name) for name in _PLAIN},
        # Left out, not empty, where there is none: only words are unique.
        **({"word": about.word} if about.word else {}),
        "enabled": poster.enabled,
        "made_at": poster.made_at,
        "cause": cause,
    }


def _poster_of(row: Mapping[str, Any]) -> Poster:
    about = Wanted(purpose=Purpose(row["purpose"]), word=row.get("word"), **{name: row[name] for name in _PLAIN})
    return Poster(row["code"], about, row["enabled"], row["made_at"])
