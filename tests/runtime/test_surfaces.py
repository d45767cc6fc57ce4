"""`hub surfaces`: what is live is listed on the command line."""

from hub.broadcasts import service as broadcasts
from hub.broadcasts.model import Definition
from hub.database import Database
from hub.journeys import service
from hub.profiles.model import Channel
from hub.segments import service as segments
from hub.wording.library import Library
from hub.wording.templates import template_of
from runtime import wiring
from tests.runtime.verbs import Verb

JOURNEY = "journey: cart\nenter: {event: Checkout Started}\nsteps: [{send: {template: reminder, channels: [push]}}]\n"


async def test_surfaces_are_listed_with_all_that_is_live(verb: Verb, database: Database) -> None:
    del database
    await service.publish(JOURNEY, templates={"reminder"}, by="test", key="k", now=wiring.clock())

    await segments.publish("segment: vips\nwhen: profile.vip = true\n", by="test", key="k", now=wiring.clock())
    await Library().save(template_of("sale", {"en/push": "It is on."}))
    sale = Definition(name="Winter sale", segment="vips", template="sale", channels=(Channel.PUSH,))
    await broadcasts.create(sale, by="test", key="k", now=wiring.clock())

    shown = (await verb("surfaces", "--json"))["surfaces"]
    listed = (await verb("surfaces")).splitlines()

    assert [it["journey"] for it in shown["push"]] == ["cart", None, None]
    assert [it["broadcast"] for it in shown["push"]] == [None, "Winter sale", None]
    assert shown["popup"] == []
    start = listed.index("push: 3")
    assert listed[start : start + 4] == [
        "push: 3",
        "  reminder of default/marketing, by cart version 1 step 0",
        "  sale of default/marketing, by the broadcast Winter sale",
        "  order-ready-for-pickup of default/service, by the hub itself",
    ]
