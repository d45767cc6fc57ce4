"""Who may be looked for on an advertising platform, and by what: theirs is the word, and silence is no."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from hub.bulk import audiences
from hub.bulk.audiences import NoAdvertisingTopic, Reached
from hub.database import Database
from hub.kit.signing import NoSecret
from hub.privacy.service import Privacy
from hub.profiles import consents, topics
from hub.profiles.consent import ALL, ConsentState, How, Subject
from hub.profiles.consents import Speaker, Word
from hub.profiles.model import Channel
from hub.profiles.suppression import SuppressionReason, Suppressions
from hub.profiles.topics import ADVERTISING, Topic, TopicClass
from hub.segments import service
from hub.settings import Settings
from runtime.wiring import DOCUMENTS
from tests.rollups.stage import Shop

FANS = "{segment: fans, when: profile.nps >= 9}"
ADA = Reached("ada@example.com", "+491701234567")


@pytest.fixture
async def shop(database: Database) -> Shop:
    """A shop whose fan Ada has an address and a number, and has said nothing."""
    shop = Shop(database)
    await service.publish(FANS, by="test", key="k", now=shop.now)
    await shop.identify(traits={"nps": 10, "email": " Ada@Example.com", "phone": "+49 170 1234567"})
    await shop.route()
    return shop


async def says(shop: Shop, word: str, *channels: str, user: str = "ada", **about: Any) -> None:
    for channel in channels:
        shop.now += timedelta(seconds=1)
        properties = {"topic": ADVERTISING, "channel": channel, **about}
        await shop.say(f"Consent {word}", user=user, properties=properties)
    await shop.route()


async def reached(settings: Settings, brand: str = "default") -> list[Reached]:
    return [it async for it in audiences.reached("fans", brand, settings)]


async def test_who_has_said_yes_on_a_channel_is_reached_by_its_address_and_by_no_other(
    shop: Shop, settings: Settings
) -> None:
    await says(shop, "Granted", "email")
    assert await reached(settings) == [Reached("ada@example.com", None)]

    await says(shop, "Granted", "sms")
    assert await reached(settings) == [ADA]


async def test_silence_is_no_also_where_messages_may_be_sent_to_who_is_silent(shop: Shop, settings: Settings) -> None:
    assert settings.consent_email == "opt_out"
    await says(shop, "Granted", "email", "sms", topic="marketing")

    assert await reached(settings) == []


@pytest.mark.parametrize("about", [{}, {"topic": "*", "channel": "*", "brand": "*"}])
async def test_a_consent_that_was_withdrawn_leaves_the_person_out(
    shop: Shop, settings: Settings, about: dict[str, str]
) -> None:
    await says(shop, "Granted", "email", "sms")
    assert await reached(settings) == [ADA]

    await says(shop, "Withdrawn", "email", "sms", **about)

    assert await reached(settings) == []


async def test_a_consent_that_is_not_confirmed_yet_is_none(shop: Shop, settings: Settings) -> None:
    pending = Word(Subject("default", ADVERTISING, "email"), ConsentState.PENDING)
    await consents.say(await shop.profile(), [pending], by=Speaker("app", How.CUSTOMER), cause="c", now=shop.now)

    assert await reached(settings) == []


async def test_a_yes_to_one_brand_is_none_to_another(shop: Shop, settings: Settings) -> None:
    await says(shop, "Granted", "email", "sms", brand="north")

    assert await reached(settings) == []
    assert await reached(settings, "north") == [ADA]


@pytest.mark.parametrize("brand", ["default", ALL])
@pytest.mark.parametrize(
    "address", [(Channel.EMAIL, "ADA@example.com"), (Channel.SMS, "+491701234567")], ids=["email", "phone"]
)
async def test_who_has_a_suppressed_address_is_left_out_altogether(
    shop: Shop, settings: Settings, address: tuple[Channel, str], brand: str
) -> None:
    await says(shop, "Granted", "email", "sms")

    await Suppressions(settings).suppress(address, SuppressionReason.REQUESTED, brand="north", now=shop.now)
    assert await reached(settings) == [ADA]
    await Suppressions(settings).suppress(address, SuppressionReason.REQUESTED, brand=brand, now=shop.now)
    assert await reached(settings) == []


async def test_a_number_without_its_country_is_that_of_the_locale_and_suppressed_as_such(
    shop: Shop, settings: Settings
) -> None:
    await shop.identify(traits={"phone": "0170 7654321"}, context={"locale": "de-DE"})
    await says(shop, "Granted", "sms")
    assert await reached(settings) == [Reached(None, "+491707654321")]

    number = (Channel.SMS, "+491707654321")
    await Suppressions(settings).suppress(number, SuppressionReason.COMPLAINED, now=shop.now)

    assert await reached(settings) == []


async def test_what_cannot_be_an_address_is_not_shown(shop: Shop, settings: Settings) -> None:
    await shop.identify(traits={"email": "ada at home", "phone": "ring twice"})
    await says(shop, "Granted", "email", "sms")

    assert await reached(settings) == []


async def test_an_address_that_is_another_persons_is_not_shown_by_the_word_of_who_only_names_it(
    shop: Shop, settings: Settings
) -> None:
    await shop.identify(user="bob", traits={"nps": 10, "email": "ada@example.com", "phone": "+49170999"})
    await shop.route()
    await says(shop, "Granted", "email", "sms", user="bob")

    assert await reached(settings) == [Reached(None, "+49170999")]


async def test_who_was_erased_is_not_in_it_when_they_are_back_without_lifting_the_ban(
    shop: Shop, settings: Settings
) -> None:
    await says(shop, "Granted", "email", "sms")
    await Privacy(settings, DOCUMENTS).erase((await shop.profile()).id, now=shop.now)
    assert await reached(settings) == []

    await shop.identify(traits={"nps": 10, "email": "ada@example.com"})
    await says(shop, "Granted", "email")

    assert await reached(settings) == []


async def test_who_is_not_in_the_segment_is_not_in_its_audience(shop: Shop, settings: Settings) -> None:
    await says(shop, "Granted", "email", "sms")
    await shop.identify(traits={"nps": 6})
    await shop.route()

    assert await reached(settings) == []


@pytest.mark.parametrize("made", [None, TopicClass.TRANSACTIONAL])
async def test_without_a_topic_that_customers_can_choose_nobody_can_have_said_yes(
    shop: Shop, settings: Settings, made: TopicClass | None
) -> None:
    if made:
        await topics.save(Topic("default", ADVERTISING, made, {"en": "Elsewhere"}, {}), now=shop.now)

    with pytest.raises(NoAdvertisingTopic) as refused:
        await audiences.check("default", settings)

    assert refused.value.code == "NO_ADVERTISING_TOPIC"
    assert refused.value.message == (
        "The brand `default` has no topic `advertising` of the class marketing: make it with `saveTopic`, so that "
        "customers can say yes and no to it."
    )


async def test_without_the_secret_nobody_knows_who_is_suppressed_and_nothing_is_exported(
    shop: Shop, settings: Settings
) -> None:
    await topics.save(Topic("north", ADVERTISING, TopicClass.MARKETING, {"en": "Elsewhere"}, {}), now=shop.now)
    await audiences.check("north", settings)

    with pytest.raises(NoSecret):
        await audiences.check("north", settings.model_copy(update={"secret_key": SecretStr("")}))
