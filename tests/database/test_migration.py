from typing import ClassVar

from pymongo import IndexModel

import hub.database
from hub.database import Client, Named


class Before(Named):
    class Settings:
        name = "migration"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("state", 1)], name="work", partialFilterExpression={"due": {"$exists": True}}),
            IndexModel([("until", 1)], name="dead", expireAfterSeconds=60),
            IndexModel([("at", 1)], name="newest"),
        ]


class After(Named):
    class Settings:
        name = "migration"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("state", 1), ("due", 1)], name="work"),
            IndexModel([("until", 1)], name="dead", expireAfterSeconds=30),
            IndexModel([("at", 1)], name="newest"),
        ]


async def test_an_index_whose_definition_has_changed_is_made_anew(client: Client) -> None:
    await hub.database.migrate(client, [Before])

    await hub.database.migrate(client, [After])

    indexes = await After.get_pymongo_collection().index_information()
    assert indexes["work"]["key"] == [("state", 1), ("due", 1)]
    assert "partialFilterExpression" not in indexes["work"]
    assert indexes["dead"]["expireAfterSeconds"] == 30
    assert indexes["newest"]["key"] == [("at", 1)]


async def test_a_database_is_migrated_only_for_the_version_that_migrated_it(client: Client) -> None:
    await hub.database.migrate(client, [After])

    assert await hub.database.migrated(client, [After])
    assert not await hub.database.migrated(client, [Before])
