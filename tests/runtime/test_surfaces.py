"""`hub surfaces`: what is live is listed on the command line."""

from hub.database import Database
from hub.journeys import service
from runtime import wiring
from tests.runtime.verbs import Verb

JOURNEY = "journey: cart\nenter: {event: Checkout Started}\nsteps: [{send: {template: reminder, channels: [push]}}]\n"


async def test_surfaces_are_listed_with_all_that_is_live(verb: Verb, database: Database) -> None:
    del database
    await service.publish(JOURNEY, templates={"reminder"}, by="test", key="k", now=wiring.clock())

    shown = (await verb("surfaces", "--json"))["surfaces"]
    listed = (await verb("surfaces")).splitlines()

    assert [it["journey"] for it in shown["push"]] == ["cart", None]
    assert shown["popup"] == []
    start = listed.index("push: 2")
    assert listed[start : start + 3] == [
        "push: 2",
        "  reminder of default/marketing, by cart version 1 step 0",
        "  order-ready-for-pickup of default/service, by the hub itself",
    ]
