"""Customers who visit pages of their own, and what they have said."""

from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import uuid4

from hub.database import Database
from hub.profiles import consent, consents, store
from hub.profiles.consent import ConsentState, How, Subject
from hub.profiles.consents import Speaker, Word
from hub.profiles.model import Profile

BY_EMAIL = Subject("default", "marketing", "email")
SHOP = Speaker("shop", How.SERVER)


async def person(**traits: str) -> Profile:
    now = datetime.now(UTC)
    told = {"email": "ada@example.com", "phone": "+4917012345678", "locale": "en-GB", **traits}
    profile = Profile(id=uuid4(), traits=told, first_seen_at=now, last_seen_at=now)
    await store.save([profile], token=uuid4())
    return await again(profile)


async def again(profile: Profile) -> Profile:
    return (await store.load([profile.id]))[profile.id]


async def says(profile: Profile, state: ConsentState, subject: Subject = BY_EMAIL) -> None:
    now = datetime.now(UTC)
    await consents.say(await again(profile), [Word(subject, state)], by=SHOP, cause=f"{state} {now}", now=now)


async def state_of(profile: Profile, subject: Subject = BY_EMAIL) -> ConsentState | None:
    standing = consent.standing_of((await again(profile)).consents, subject)
    return standing.state if standing else None


def path(link: str) -> str:
    return urlsplit(link).path


async def rows(database: Database) -> int:
    return await database["consents"].count_documents({})
