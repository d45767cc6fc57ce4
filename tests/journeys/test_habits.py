"""Steps that ask for the customer's habits: best channel first, at the best hour; as written where none is known."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hub.database import Database
from hub.events.announcing import Announcement, announce
from hub.journeys import language, service
from hub.journeys.advance import Advancer
from hub.journeys.definition import Send
from hub.kit import ids
from hub.kit.problems import InvalidDefinition
from hub.messaging import habits
from hub.profiles.model import Channel
from hub.rollups import service as rollups
from hub.rollups.catalogue import NOTHING_DEFINED
from hub.rollups.engagement import Habit, Habits
from hub.segments import scope
from tests.rollups.stage import Shop

BERLIN = ZoneInfo("Europe/Berlin")
NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # in Berlin
AS_WRITTEN = (Channel.EMAIL, Channel.PUSH, Channel.SMS)
HOUR = timedelta(hours=1)
CART = """\
journey: cart
enter: {event: Checkout Started, key: properties.order_id}
exit: [{event: Order Completed}]
steps:
  - send: {template: hello, channels: {best: [email, push]}, at: best_hour}
  - wait: 1h
  - send: {template: thanks, channels: best}
"""


def habit(value: str, points: int = 5) -> Habit:
    return Habit(value, points, 2, NINE, "e")


def step(**asked: Any) -> Send:
    return Send("0", None, "hello", AS_WRITTEN, **asked)


def known(*, channels: tuple[str, ...] = (), hours: tuple[str, ...] = ()) -> Habits:
    return Habits(tuple(map(habit, channels)), tuple(map(habit, hours)), 4, BERLIN)


def test_the_best_channels_come_first_and_the_others_as_they_are_written() -> None:
    way = habits.route(step(best_first=True), known(channels=("sms", "inbox", "push")))

    assert way.channels == (Channel.SMS, Channel.PUSH, Channel.EMAIL)
    assert way.why == {
        "best_channel": "sms",
        "best_channel_points": "5",
        "best_channel_messages": "2",
        "best_channel_of": "4",
    }


@pytest.mark.parametrize("of", [known(), known(channels=("inbox",))])
def test_where_too_little_is_known_a_step_goes_as_it_is_written_and_says_so(of: Habits) -> None:
    way = habits.route(step(best_first=True), of)

    assert (way.channels, way.why) == (AS_WRITTEN, {"best_channel": "unknown", "best_channel_of": "4"})
    assert habits.moment(step(at_best_hour=True), known(), NINE) == (NINE, {})
    assert habits.hour(step(at_best_hour=True), known(), NINE) == {"best_hour": "unknown", "best_hour_of": "4"}


def test_a_step_that_does_not_ask_is_as_it_is_written_whatever_is_known() -> None:
    of = known(channels=("sms",), hours=("18",))

    assert habits.route(step(), of) == habits.Route(AS_WRITTEN)
    assert habits.moment(step(), of, NINE) == (NINE, {})
    assert habits.hour(step(), of, NINE) == {}


@pytest.mark.parametrize(
    ("best", "now", "until"),
    [
        ("18", NINE, NINE + 9 * HOUR),
        ("9", NINE, NINE),
        ("9", NINE + timedelta(minutes=59), NINE + timedelta(minutes=59)),
        ("9", NINE + HOUR, NINE + 24 * HOUR),
        ("8", NINE, NINE + 23 * HOUR),
        ("0", NINE, NINE + 15 * HOUR),
        # The night in which the clocks go back has 25 hours, and the one in which they go forward no half past two.
        ("18", datetime(2026, 10, 24, 17, tzinfo=UTC), datetime(2026, 10, 25, 17, tzinfo=UTC)),
        ("2", datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ],
)
def test_a_message_waits_for_the_next_time_that_the_customers_clocks_show_the_best_hour(
    best: str, now: datetime, until: datetime
) -> None:
    at, _ = habits.moment(step(at_best_hour=True), known(hours=(best,)), now)

    assert at == until
    assert at - now <= timedelta(hours=25)


def read(send: str) -> Send:
    source = f"journey: a\nenter: {{event: X}}\nsteps: [{{send: {{template: hello, {send}}}}}]\n"
    found = language.read(source, templates={"hello"}, known=scope.of(NOTHING_DEFINED)).steps["0"]
    assert isinstance(found, Send)
    return found


def test_a_step_asks_for_the_best_of_its_channels_or_of_those_that_cost_least_first() -> None:
    of_all, of_two = read("channels: best"), read("channels: {best: [sms, inbox]}, at: best_hour")

    assert (of_all.channels, of_all.best_first) == ((Channel.PUSH, Channel.EMAIL, Channel.SMS), True)
    assert (of_two.channels, of_two.best_first, of_two.at_best_hour) == ((Channel.SMS, Channel.INBOX), True, True)
    assert (read("channels: [sms]").best_first, read("channels: [sms]").at_best_hour) == (False, False)


@pytest.mark.parametrize(
    ("send", "code"),
    [
        ("channels: worst", "wrong_type"),
        ("channels: {most: [sms]}", "missing_key"),
        ("channels: {best: [fax]}", "unknown_channel"),
        ("at: noon", "wrong_type"),
    ],
)
def test_what_is_no_such_wish_is_told(send: str, code: str) -> None:
    with pytest.raises(InvalidDefinition) as refused:
        read(send)

    assert code in {it.code for it in refused.value.problems}


@pytest.fixture
async def shop(database: Database) -> Shop:
    shop = Shop(database)
    shop.now = NINE
    await shop.publish(*rollups.shipped())
    await service.publish(CART, templates={"hello", "thanks"}, by="test", key="k", now=shop.now)
    await shop.say("Seen", user="ada", context={"timezone": "Europe/Berlin"})
    await shop.route()
    return shop


async def notices(shop: Shop, channel: str, at: datetime, times: int = 3) -> None:
    """Let Ada open so many messages, as the reports of a provider are announced."""
    ada = (await shop.profile("ada")).id
    said = [{"message_id": str(ids.new_id()), "channel": channel} for _ in range(times)]
    await announce(
        [Announcement("Message Opened", ada, it["message_id"], at, it) for it in said],
        now=shop.now,
    )
    await shop.route()


async def advance(shop: Shop, at: datetime) -> list[Mapping[str, Any]]:
    shop.now = at
    while await Advancer().advance("cart/1/0", lambda: at):
        pass
    return await shop.database["messages"].find().sort("visit", 1).to_list()


async def checks_out(shop: Shop) -> None:
    await shop.say("Checkout Started", user="ada", properties={"order_id": "A-1"})
    await shop.route()


async def test_a_message_goes_out_at_the_best_hour_on_the_best_channel_and_decisions_say_why(shop: Shop) -> None:
    await notices(shop, "push", NINE - timedelta(hours=15))  # at six in the evening, in Berlin
    await checks_out(shop)

    early = await advance(shop, NINE + 8 * HOUR)
    (message,) = await advance(shop, NINE + 9 * HOUR)

    assert early == []
    assert (message["channels"], message["created_at"], message["visit"]) == (["push", "email"], NINE + 9 * HOUR, 1)
    (decision,) = await shop.database["decisions"].find({"question": "where and when to send hello"}).to_list()
    assert (decision["cause"], decision["reason"]) == (str(message["_id"]), None)
    assert {**decision["detail"], "run": "x"} == {
        "journey": "cart",
        "run": "x",
        "step": "0",
        "channels": "push, email",
        "best_channel": "push",
        "best_channel_points": "3",
        "best_channel_messages": "3",
        "best_channel_of": "3",
        "best_hour": "18",
        "best_hour_points": "3",
        "best_hour_messages": "3",
        "best_hour_of": "3",
    }
    run = await shop.database["runs"].find_one({}) or {}
    waits = next(it for it in run["trail"] if it["did"] == "waits")
    assert (waits["detail"]["until"], waits["detail"]["zone"]) == (NINE + 9 * HOUR, "Europe/Berlin")


async def test_of_whom_too_little_is_known_is_told_at_once_as_it_is_written(shop: Shop) -> None:
    await notices(shop, "push", NINE - timedelta(hours=15), times=2)
    await checks_out(shop)

    (message,) = await advance(shop, NINE)
    _, second = await advance(shop, NINE + HOUR)

    assert message["channels"] == ["email", "push"]
    assert second["channels"] == ["push", "email", "sms"]
    detail = [it["detail"] async for it in shop.database["decisions"].find({"question": {"$regex": "^where"}})]
    assert {(it["best_channel"], it["best_channel_of"]) for it in detail} == {("unknown", "2")}


async def test_who_buys_before_the_best_hour_is_not_told(shop: Shop) -> None:
    await notices(shop, "push", NINE - timedelta(hours=15))
    await checks_out(shop)
    await advance(shop, NINE)
    await shop.say("Order Completed", user="ada", properties={"order_id": "A-1"})
    await shop.route()

    assert await advance(shop, NINE + 10 * HOUR) == []
    run = await shop.database["runs"].find_one({}) or {}
    assert run["status"] == "exited"
