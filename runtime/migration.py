"""Makes the collections and indexes that the hub's documents name."""

from pymongo.errors import ConfigurationError, ConnectionFailure, InvalidURI

from hub import database, vault
from hub.access import names
from hub.profiles import suppression
from hub.rollups import service as rollups
from hub.settings import Settings
from runtime.errors import NotReady, WrongSettings
from runtime.wiring import DOCUMENTS, clock


async def migrate(settings: Settings) -> None:
    """Make what is missing, publish what comes with the hub, and seal keys anew where the secret has changed.

    Repeating it changes nothing.

    Raises:
        WrongSettings: the address of MongoDB is none.
        NotReady: MongoDB does not answer.
        WrongSecret: keys were sealed with a secret that is not set any more.
    """
    try:
        async with database.connect(settings) as client:
            await database.migrate(client, DOCUMENTS)
            await rollups.ship(now=clock())
            if settings.secret_key.get_secret_value():
                for key in (suppression.KEY, names.KEY):
                    await vault.open_key(key, settings)
    except (InvalidURI, ConfigurationError):
        # The driver's own words may repeat the address, and with it a password.
        raise WrongSettings("HUB_MONGO_URL is not the address of a MongoDB.") from None
    except ConnectionFailure:
        raise NotReady(
            f"MongoDB does not answer within {settings.mongo_timeout_ms} ms: look at HUB_MONGO_URL and the server."
        ) from None
