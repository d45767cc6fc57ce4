"""Makes the collections and indexes that the hub's documents name."""

from hub import database, vault
from hub.access import names
from hub.messaging import store as messages
from hub.profiles import suppression
from hub.rollups import service as rollups
from hub.settings import Settings
from hub.vouchers import codes
from runtime.wiring import DOCUMENTS, clock


async def migrate(settings: Settings) -> None:
    """Make what is missing, publish what comes with the hub, and seal keys anew where the secret has changed.

    Repeating it changes nothing.

    Raises:
        WrongSecret: keys were sealed with a secret that is not set any more.
    """
    async with database.connect(settings) as client:
        await database.migrate(client, DOCUMENTS)
        await messages.put_in_lanes()
        await rollups.ship(now=clock())
        if settings.secret_key.get_secret_value():
            for key in (suppression.KEY, names.KEY, codes.KEY):
                await vault.open_key(key, settings)
