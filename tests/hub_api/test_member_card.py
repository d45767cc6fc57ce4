"""Row 107: one `memberCard` is shown with the same values wherever a member looks. Five of its seven places are there.

An app and a web widget ask the same query with the customer's token. A till and a kiosk show no card, and no card shows
offers.
"""

import json
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from hub.access.grants import KeyKind
from hub.access.model import Role
from hub.card.model import Card
from hub.kit.problems import Problem
from hub.messaging.dispatch import Dispatcher
from hub.messaging.ports import Email, Sms
from hub.profiles import identifier_store, store
from hub.profiles.model import Channel, Identifier, IdentifierKind
from hub.settings import Settings
from hub.wording import lint
from hub.wording.library import Library
from hub.wording.lint import Purpose
from hub.wording.templates import template_of
from hub_api.nodes import global_id
from tests.card.member import TRAITS, Member, member
from tests.hub_api.conftest import Hub
from tests.hub_api.test_associates import staff
from tests.hub_api.test_templates import listed, preview
from tests.messaging.posting import Blind, Clock, everywhere, message, queued

CARD: Final = """memberCard(program: "finch-club") { program label
  tier { name label until } nextTier { name label gap }
  points { wallet label balance available pending expiring { points at } }
  nextReward { name label wallet cost missing } rewards { name label wallet cost missing } openVouchers }"""
"""What an app asks: all that there is."""
SAID: Final = (
    '["{{ card.program }}", "{{ card.label }}", "{{ card.tier.label }}", "{{ card.tier.until }}", '
    '"{{ card.next_tier.label }}", {{ card.next_tier.gap }}, "{{ card.points.label }}", {{ card.points.balance }}, '
    "{{ card.points.available }}, {{ card.points.pending }}, {{ card.points.expiring.points }}, "
    '"{{ card.points.expiring.at }}", "{{ card.next_reward.label }}", {{ card.next_reward.missing }}, '
    '"{% for it in card.rewards %}{{ it.label }}{% endfor %}", {{ card.open_vouchers }}]'
)
"""A template that says a card so that a test can read it."""
FILES: Final = {"en/subject": "Your card", "en/text": SAID, "en/sms": SAID}


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def as_asked(card: Card) -> dict[str, Any]:
    """How the API shows a card; times are read."""
    tier, following, near = card.tier, card.next_tier, card.next_reward
    assert tier
    assert following
    assert near
    return {
        "program": card.program,
        "label": card.label,
        "tier": {"name": tier.name, "label": tier.label, "until": tier.until},
        "nextTier": {"name": following.name, "label": following.label, "gap": following.gap},
        "points": [
            {
                "wallet": it.wallet,
                "label": it.label,
                "balance": it.balance,
                "available": it.available,
                "pending": it.pending,
                "expiring": it.expiring and {"points": it.expiring.points, "at": it.expiring.at},
            }
            for it in card.points
        ],
        "nextReward": shown_reward(near),
        "rewards": [shown_reward(it) for it in card.rewards],
        "openVouchers": card.open_vouchers,
    }


def shown_reward(it: Any) -> dict[str, Any]:
    return {"name": it.name, "label": it.label, "wallet": it.wallet, "cost": it.cost, "missing": it.missing}


def as_said(card: Card) -> list[Any]:
    """How a message says a card; times are read."""
    (points,), tier, following, near = card.points, card.tier, card.next_tier, card.next_reward
    assert tier
    assert following
    assert near
    assert points.expiring
    return [
        *(card.program, card.label, tier.label, tier.until, following.label, following.gap, points.label),
        *(points.balance, points.available, points.pending, points.expiring.points, points.expiring.at),
        *(near.label, near.missing, "".join(it.label for it in card.rewards), card.open_vouchers),
    ]


def read(answer: Any) -> dict[str, Any]:
    """Read the times of what the API shows."""
    card: dict[str, Any] = answer["memberCard"]
    tier = {**card["tier"], "until": moment(card["tier"]["until"])}
    points = [{**it, "expiring": {**it["expiring"], "at": moment(it["expiring"]["at"])}} for it in card["points"]]
    return {**card, "tier": tier, "points": points}


def heard(text: str) -> list[Any]:
    """Read what a message says."""
    said: list[Any] = json.loads(text)
    return [moment(it) if place in {3, 11} else it for place, it in enumerate(said)]


@pytest.fixture
async def ada(hub: Hub, settings: Settings) -> Member:
    await hub.identify("ada", **TRAITS)
    named = Identifier(IdentifierKind.USER, "ada")
    owner = (await identifier_store.owners([named]))[named].profile_id
    now = datetime.now(UTC).replace(microsecond=0)
    return await member((await store.heads([owner]))[owner], settings, now=now)


async def test_row_107_one_member_card_is_served_with_the_same_values_to_app_widget_email_sms_and_service_desk(
    hub: Hub, ada: Member, settings: Settings
) -> None:
    card = await ada.card()

    app = await hub.data(f"{{ me {{ {CARD} }} }}", hub.token("ada"))
    server = f'{{ profile(id: "{global_id("Profile", ada.profile.id)}") {{ {CARD} }} }}'
    widget = await hub.data(server, await hub.key(KeyKind.SERVER))
    lookup = f'{{ associateView(lookup: {{email: "ada@example.com"}}) {{ {CARD} }} }}'
    desks = [await hub.data(lookup, await staff(role)) for role in (Role.SERVICE, Role.STORE)]
    email, sms = await sent(ada, settings)

    for answer in (app["me"], widget["profile"], *(it["associateView"] for it in desks)):
        assert read(answer) == as_asked(card)
    assert heard(email) == heard(sms) == as_said(card)


async def test_row_3_tier_balance_rewards_and_vouchers_are_byte_equal_whichever_credential_asks(
    hub: Hub, ada: Member
) -> None:
    theirs = f'{{ shown: profile(id: "{global_id("Profile", ada.profile.id)}") {{ {CARD} }} }}'
    staffed = [await hub.key(KeyKind.SERVER), await staff(Role.SERVICE), await staff(Role.ADMIN)]

    own = await hub.post(f"{{ shown: me {{ {CARD} }} }}", hub.token("ada"))
    answers = [(await hub.post(theirs, it)).content for it in staffed]

    assert read(own.json()["data"]["shown"]) == as_asked(await ada.card())
    assert answers == [own.content] * 3


async def sent(ada: Member, settings: Settings) -> tuple[str, str]:
    """What an e-mail and an SMS of the same template say."""
    library, sender = Library(), Blind()
    await library.save(template_of("card", FILES))
    clock = Clock(ada.now)
    channels = (Channel.EMAIL, Channel.SMS)
    await queued(
        *(
            message(ada.profile.id, template="card", channels=(it,), created_at=ada.now, event_id=None)
            for it in channels
        )
    )
    await Dispatcher(settings, everywhere(sender), library, clock).step()
    (email,) = (it for it in sender.calls if isinstance(it, Email))
    (sms,) = (it for it in sender.calls if isinstance(it, Sms))
    return email.text, sms.text


async def test_a_card_is_shown_to_its_owner_and_to_no_other_customer_and_that_of_an_unknown_program_is_null(
    hub: Hub, ada: Member
) -> None:
    await hub.identify("tom")
    asked = f'{{ profile(id: "{global_id("Profile", ada.profile.id)}") {{ {CARD} }} }}'

    assert await hub.codes(asked, hub.token("tom")) == ["FORBIDDEN"]
    unknown = await hub.data('{ me { memberCard(program: "magpies") { program } } }', hub.token("ada"))
    assert unknown == {"me": {"memberCard": None}}


async def test_a_preview_shows_the_card_of_the_customer_it_is_for_and_a_made_up_one_else(
    hub: Hub, ada: Member, admin: str
) -> None:
    asked = {"channel": "SMS", "files": listed({"en/sms": "{{ card.tier.label }} {{ card.points.balance }}"})}

    hers = await preview(hub, admin, profileId=global_id("Profile", ada.profile.id), **asked)
    made_up = await preview(hub, admin, **asked)

    assert (hers["text"], made_up["text"]) == ("Silber 350", "Silver 1450")


def test_a_name_that_no_card_has_is_a_flaw_of_its_template() -> None:
    files = {"en/sms": "{{ card.points.balance }} {{ card.wallets[0].label }} {{ card.point }}"}

    (flaw,) = lint.flaws_of("card", files, Purpose(advertises=False))

    assert flaw.problem == Problem(
        1,
        58,
        "unknown_variable",
        "`card.point`: there is no `point`, only program, label, tier, next_tier, points, wallets, next_reward, "
        "rewards, open_vouchers.",
    )
