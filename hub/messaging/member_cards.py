"""The member cards that messages show: read only for those whose template reads one, in a few reads for all of them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.card import service
from hub.card.shown import shown
from hub.messaging.model import Message
from hub.profiles import store as profiles_store
from hub.profiles.model import Profile
from hub.programs.model import Program
from hub.wording.templates import Template


async def of(
    messages: Sequence[Message],
    library: Mapping[str, Template],
    properties: Mapping[UUID, Mapping[str, Any]],
    *,
    now: datetime,
) -> dict[UUID, Mapping[str, Any]]:
    """Give the card that each message shows, by the message's id.

    Args:
        messages: any; who has a template that reads no card is left out, and so is whom no program is about.
        library: the templates by name.
        properties: of the events that led to the messages, by the event's id: `program` names the one that is meant.
        now: the time of which the card tells.
    """
    readers = [it for it in messages if it.template in library and library[it.template].reads("card")]
    if not readers:
        return {}
    active = await service.active()
    heads = await profiles_store.heads({it.profile_id for it in readers})
    by_program: defaultdict[str, list[Message]] = defaultdict(list)
    programs: dict[str, Program] = {}
    for it in readers:
        event = properties.get(it.event_id, {}) if it.event_id else {}
        program = service.meant(active, it.brand, event.get("program"))
        if program and it.profile_id in heads:
            programs[program.name] = program
            by_program[program.name].append(it)
    found: dict[UUID, Mapping[str, Any]] = {}
    for name, several in by_program.items():
        members = {heads[it.profile_id].id: heads[it.profile_id] for it in several}
        cards = await service.cards(list(members.values()), programs[name], now=now)
        found |= {it.id: shown(cards[heads[it.profile_id].id]) for it in several}
    return found


async def of_brand(profile: Profile, brand: str, *, now: datetime) -> Mapping[str, Any]:
    """Give the card that a message of a brand, which no event led to, shows a customer. Empty: no program is meant."""
    program = service.meant(await service.active(), brand, None)
    return shown((await service.cards([profile], program, now=now))[profile.id]) if program else {}
