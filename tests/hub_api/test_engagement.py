"""Row 67: where a customer takes notice of messages, with the evidence, over the API."""

from datetime import timedelta
from uuid import UUID

from hub.events.announcing import Announcement, announce
from hub.profiles import identifier_store
from hub.profiles.model import Identifier, IdentifierKind
from hub.rollups import service as rollups
from tests.hub_api.conftest import NOON, Hub

ENGAGEMENT = """{ me { engagement { messages timeZone
  channels { value points messages lastAt } hours { value points messages } } } }"""


async def notice(hub: Hub, name: str, message: str, channel: str, hour: int) -> None:
    """Have the hub announce what a provider has reported of a message to Ada."""
    named = Identifier(IdentifierKind.USER, "ada")
    ada = (await identifier_store.owners([named]))[named].profile_id
    about = {"message_id": str(UUID(int=ord(message))), "channel": channel}
    at = NOON.replace(hour=hour) - timedelta(days=1)
    await announce([Announcement(name, ada, f"{name} {message}", at, about)], now=hub.now)
    await hub.say()


async def test_preferred_channel_computed_from_last_n_engagements_with_fallback_stored_with_evidence(hub: Hub) -> None:
    await rollups.ship(now=NOON)
    await hub.say({"type": "identify", "userId": "ada", "context": {"timezone": "Asia/Tokyo"}})
    await notice(hub, "Message Opened", "a", "push", 9)
    await notice(hub, "Message Opened", "b", "push", 9)

    little = (await hub.data(ENGAGEMENT, hub.token("ada")))["me"]["engagement"]
    await notice(hub, "Message Opened", "c", "email", 3)
    await notice(hub, "Message Clicked", "c", "email", 3)
    enough = (await hub.data(ENGAGEMENT, hub.token("ada")))["me"]["engagement"]

    assert little == {"messages": 2, "timeZone": "Asia/Tokyo", "channels": [], "hours": []}
    assert enough["messages"] == 3
    assert [(it["value"], it["points"], it["messages"]) for it in enough["channels"]] == [
        ("email", 3, 1),
        ("push", 2, 2),
    ]
    assert [(it["value"], it["points"]) for it in enough["hours"]] == [("12", 3), ("18", 2)]


async def test_who_has_opened_nothing_has_no_habits(hub: Hub) -> None:
    await hub.identify("ada")

    found = (await hub.data(ENGAGEMENT, hub.token("ada")))["me"]["engagement"]

    assert found == {"messages": 0, "timeZone": "UTC", "channels": [], "hours": []}
