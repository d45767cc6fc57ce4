"""Whatever write the taking in of reports and SMS dies at, what the provider tells again finishes it, and once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from hub.database import Database
from hub.kit import ids
from hub.messaging import feedback, inbound
from hub.messaging.inbound import InboundSms
from hub.messaging.model import Message, Outcome, State
from hub.messaging.reports import Fault, Report, ReportKind
from hub.profiles import identifier_store
from hub.profiles import store as profiles_store
from hub.profiles.model import Channel, Identifier, IdentifierKind, Owned
from hub.profiles.suppression import SuppressionReason, Suppressions
from hub.settings import Settings
from tests.killing import killed
from tests.messaging import posting
from tests.messaging.posting import NOON, message, queued, stored

MINUTE = timedelta(minutes=1)
MOST = 24
"""More halves of writes than any of these has."""

pytestmark = pytest.mark.usefixtures("database")


def reports(one: Message) -> list[Report]:
    told = [
        (ReportKind.TAKEN, None),
        (ReportKind.DELIVERED, None),
        (ReportKind.OPENED, None),
        (ReportKind.BOUNCED, Fault.PASSING),
        (ReportKind.COMPLAINED, Fault.UNWILLING),
    ]
    return [
        Report(one.id, kind, Channel.EMAIL, "sendgrid", f"{one.id} {kind}", NOON + MINUTE * at, f"{one.id}@a.eu", fault)
        for at, (kind, fault) in enumerate(told)
    ]


async def test_whatever_write_it_dies_at_reports_hold_once(settings: Settings, database: Database) -> None:
    suppressions, died = Suppressions(settings), 0
    ada = await posting.ada()
    await suppressions.hash_of((Channel.EMAIL, "ada@example.com"))  # the key of the list is there before anybody dies
    for length in range(MOST):
        one = await queued(replace(message(ada), state=State.SENDING))
        told = reports(one)

        dead = await killed(length, lambda told=told: feedback.take_in(told, suppressions, now=NOON + MINUTE * 9))
        await feedback.take_in(told[::-1], suppressions, now=NOON + MINUTE * 19)

        died += dead
        after = await stored(one)
        assert (after.state, after.reason) == (State.FAILED, "bounced")
        assert (after.delivered_at, after.complained_at) == (NOON + MINUTE, NOON + MINUTE * 4)
        assert [it.outcome for it in after.attempts] == [Outcome.FOUND]
        names = [it["name"] async for it in database["events"].find({"properties.message_id": str(one.id)})]
        assert sorted(names) == ["Message Bounced", "Message Delivered", "Message Opened"]
        address = (Channel.EMAIL, f"{one.id}@a.eu")
        assert await suppressions.among([address]) == {address: {"*": SuppressionReason.COMPLAINED}}
        bounces = await database["soft_bounces"].find_one({"_id": await suppressions.hash_of(address)})
        assert bounces is not None
        assert len(bounces["bounces"]) == 1
        if not dead:
            break
    assert 8 <= died < MOST


@pytest.mark.parametrize(("text", "state"), [("STOP", "withdrawn"), ("START", "granted")])
async def test_whatever_write_it_dies_at_an_sms_holds_once(
    settings: Settings, database: Database, text: str, state: str
) -> None:
    suppressions, died = Suppressions(settings), 0
    for length in range(MOST):
        number = f"+49151{length:08}"
        await suppressions.suppress((Channel.SMS, number), SuppressionReason.REQUESTED, now=NOON)
        if text == "STOP":
            await suppressions.lift((Channel.SMS, number))
        profile_id = await posting.person(phone=number)
        identifier = Identifier(IdentifierKind.PHONE, number)
        await identifier_store.claim([Owned(identifier, profile_id, verified=True)], at=NOON)
        sms = InboundSms("twilio", str(ids.new_id()), number, "+15005550006", text)

        dead = await killed(length, lambda sms=sms: inbound.receive(sms, suppressions, now=NOON))
        await inbound.receive(sms, suppressions, now=NOON + MINUTE)

        died += dead
        bans = (await suppressions.among([(Channel.SMS, number)])).get((Channel.SMS, number), {})
        assert dict(bans) == ({"*": SuppressionReason.REQUESTED} if text == "STOP" else {})
        profile = (await profiles_store.heads([profile_id]))[profile_id]
        assert [it["state"] for it in profile.consents.values()] == [state]
        events = [it["name"] async for it in database["events"].find({"about": profile_id})]
        assert sorted(events) == ["Consent Changed", "Sms Received"]
        if not dead:
            break
    assert 8 <= died < MOST
