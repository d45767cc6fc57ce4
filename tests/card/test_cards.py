"""The member card: what it says, for one and for many at once."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from hub import database as mongo
from hub.card import service
from hub.card.model import Expiring, NextTier
from hub.card.shown import shown
from hub.conditions.shapes import Items, Names
from hub.database import Database
from hub.kit import ids
from hub.messaging import member_cards
from hub.profiles import store as profiles_store
from hub.profiles.model import Profile
from hub.programs import language
from hub.settings import Settings
from hub.wording import member_card
from hub.wording.templates import template_of
from runtime.wiring import DOCUMENTS
from tests.card.member import DAY, Member, expected, somebody
from tests.hub_api.test_profiles import Heard
from tests.messaging.posting import message
from tests.tiers.written import TIERED

CARD_SAID = "{{ card.points.balance }}"


def end_of_next_year(now: datetime) -> datetime:
    year = now.astimezone(ZoneInfo("Europe/Berlin")).year
    return datetime(year + 2, 1, 1, tzinfo=ZoneInfo("Europe/Berlin"))


async def test_a_card_says_tier_points_what_expires_and_the_nearest_reward_that_only_needs_points(ada: Member) -> None:
    assert await ada.card() == expected(ada.now, end_of_next_year(ada.now))


async def test_what_expires_next_is_all_that_expires_at_that_time_and_nothing_that_is_over(ada: Member) -> None:
    await ada.earn("points", 40, ada.now, ada.now + 10 * DAY)
    assert (await ada.card()).points[0].expiring == Expiring(240, ada.now + 10 * DAY)

    ada.now += 10 * DAY
    (points,) = (await ada.card()).points
    assert (points.available, points.pending, points.expiring) == (0, 150, Expiring(150, ada.now + 369 * DAY))


async def test_a_voucher_whose_time_is_over_is_open_no_more(ada: Member) -> None:
    ada.now += 29 * DAY
    assert (await ada.card()).open_vouchers == 1

    ada.now += DAY
    assert (await ada.card()).open_vouchers == 0


async def test_who_has_nothing_has_an_empty_card_beside_that_of_another(ada: Member) -> None:
    tom = Profile(id=ids.new_id(), traits={"country": "DE"}, first_seen_at=ada.now, last_seen_at=ada.now)
    await profiles_store.save([tom], token=ids.new_id())
    program = await service.program_named("finch-club")
    assert program

    cards = await service.cards([ada.profile, tom], program, now=ada.now)

    assert cards[ada.profile.id] == await ada.card()
    his = cards[tom.id]
    assert (his.tier, his.next_tier, his.open_vouchers) == (None, NextTier("silver", "Silver", 500), 0)
    assert [(it.balance, it.label, it.expiring) for it in his.points] == [(0, "points", None)]
    assert (his.rewards, his.next_reward and his.next_reward.name) == ((), "coffee")


async def test_without_a_name_it_is_the_first_program_and_an_unknown_one_is_none(ada: Member) -> None:
    del ada
    first = await service.program_named(None)

    assert first
    assert first.name == "finch-club"
    assert await service.program_named("magpies") is None


async def test_without_any_program_there_is_no_card(database: Database) -> None:
    del database
    assert await service.program_named(None) is None


def test_a_message_shows_the_program_that_its_event_names_else_the_first_of_its_brand() -> None:
    finch = language.read(TIERED, None)
    other = replace(finch, name="jays", brand="jay")

    assert service.meant([finch, other], "jay", "finch-club") is finch
    assert service.meant([finch, other], "jay", None) is other
    assert service.meant([finch, other], "jay", ["no name"]) is other
    assert service.meant([finch], "jay", "magpies") is None


async def test_a_template_can_read_all_of_a_card_and_the_made_up_one_is_as_whole(ada: Member) -> None:
    card = shown(await ada.card())

    for known in (card, dict(member_card.SAMPLE)):
        assert known.keys() == member_card.SHAPE.known.keys()
        for name, shape in member_card.SHAPE.known.items():
            if isinstance(shape, Names):
                assert known[name].keys() == shape.known.keys()
            elif isinstance(shape, Items):
                assert [it.keys() for it in known[name]] == [shape.of.keys()]
    assert card["points"] == card["wallets"][0]


async def test_twenty_cards_take_as_many_commands_as_one(ada: Member, settings: Settings) -> None:
    others = [await somebody(ada.now) for _ in range(19)]
    program = await service.program_named("finch-club")
    assert program
    await ada.card()  # which copies her postings out
    heard, counts = Heard(), []
    async with mongo.connect(settings, heard) as client:
        await mongo.use(client, DOCUMENTS)
        for profiles in ([ada.profile], [ada.profile, *others]):
            heard.commands.clear()
            assert len(await service.cards(profiles, program, now=ada.now)) == len(profiles)
            counts.append([next(iter(command)) for command in heard.commands])

    # Purses, standings, the newest rewards, what is in outboxes, and the vouchers.
    assert counts[0] == counts[1]
    assert len(counts[0]) <= 6


async def test_a_message_whose_template_says_nothing_of_a_card_reads_none(ada: Member) -> None:
    quiet, telling = (template_of(name, {"en/sms": said}) for name, said in (("quiet", "Hi"), ("telling", CARD_SAID)))
    library = {it.name: it for it in (quiet, telling)}
    first, second = (message(ada.profile.id, template=it.name, event_id=None) for it in (quiet, telling))

    found = await member_cards.of([first, second], library, {}, now=ada.now)

    assert found == {second.id: shown(await ada.card())}
    elsewhere = message(ada.profile.id, template="telling", brand="jay", event_id=None)
    assert await member_cards.of([elsewhere], library, {}, now=ada.now) == {}
