from datetime import timedelta
from itertools import islice

import pytest

from hub.journeys import language
from hub.journeys.definition import Send, Wait
from hub.profiles.model import Channel
from hub.rollups.catalogue import NOTHING_DEFINED
from hub.segments import scope
from hub.wording import templates
from hub.wording.templates import RenderContext, Template
from runtime.demo import opening, shop
from runtime.demo.regulars import REGULARS

FOLDER = opening.JOURNEY.parent / "templates"
NAMES = ["cart-last-call", "cart-reminder", "cart-vip-offer"]


def template(name: str) -> Template:
    files = {
        f"{file.parent.name}/{file.name.removesuffix('.liquid')}": file.read_text(encoding="utf-8")
        for file in (FOLDER / name).glob("*/*.liquid")
    }
    return templates.template_of(name, files)


def context(**traits: object) -> RenderContext:
    step = next(it for it in islice(shop.script(seed=7), 99) if it.call.get("event") == "Checkout Started")
    return RenderContext(profile=traits, event=step.call["properties"])


KNOWN = scope.of(NOTHING_DEFINED)


def test_the_journey_is_in_order_and_sends_every_template_of_the_demo() -> None:
    journey = language.read(
        opening.JOURNEY.read_text(encoding="utf-8"), templates=NAMES, known=scope.of(NOTHING_DEFINED)
    )

    sends = {step.template for step in journey.steps.values() if isinstance(step, Send)}
    waits = [step.duration for step in journey.steps.values() if isinstance(step, Wait)]
    assert journey.name == "abandoned-cart"
    assert sorted(sends) == sorted(folder.name for folder in FOLDER.iterdir()) == NAMES
    assert waits == [timedelta(seconds=20), timedelta(seconds=20)]


@pytest.mark.parametrize("language_", ["en", "de"])
def test_every_send_of_the_journey_can_be_said_in_both_languages_on_each_of_its_channels(language_: str) -> None:
    journey = language.read(
        opening.JOURNEY.read_text(encoding="utf-8"), templates=NAMES, known=scope.of(NOTHING_DEFINED)
    )
    for send in (step for step in journey.steps.values() if isinstance(step, Send)):
        for channel in send.channels:
            alone = Template(send.template, {language_: template(send.template).languages[language_]})
            said = templates.render(alone, channel, language=language_, context=context(firstName="Ada"))

            assert said.text
            assert "{" not in said.subject + said.text
            assert (said.subject == "") == (channel is Channel.SMS)


def test_a_reminder_names_the_customer_the_basket_and_the_way_back() -> None:
    said = templates.render(
        template("cart-reminder"), Channel.EMAIL, language="en-GB", context=context(firstName="Ada")
    )

    assert said.subject == "Your coffee is still on the counter, Ada"
    assert said.text.startswith("Hello Ada,\n\nyou were almost through the door")
    assert "https://little-finch.example/checkout/7-2" in said.text
    assert "\n- " in said.text
    assert "\n\n\n" not in said.text


def test_a_customer_without_a_name_is_greeted_all_the_same() -> None:
    english = templates.render(template("cart-reminder"), Channel.EMAIL, language="en", context=context())
    german = templates.render(template("cart-reminder"), Channel.EMAIL, language="de-AT", context=context())

    assert english.subject == "Your coffee is still on the counter"
    assert english.text.startswith("Hello there,\n")
    assert german.subject == "Dein Kaffee steht noch auf der Theke"
    assert german.text.startswith("Hallo,\n")


def test_an_sms_to_any_regular_fits_into_160_characters() -> None:
    order = {"order_id": "1763800000000-9999", "products": []}
    for name in ("cart-reminder", "cart-vip-offer"):
        for regular in REGULARS:
            reader = RenderContext(profile=regular.traits, event=order)
            said = templates.render(template(name), Channel.SMS, language=regular.traits["locale"], context=reader)
            assert len(said.text) <= 160, said.text
