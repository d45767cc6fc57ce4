"""`docs/rewards.md` shows rewards that can be published, and explains every key, kind, reason and problem."""

from hub.programs import language as programs
from hub.rewards import language
from hub.rewards.model import Reason, RewardKind, RewardState
from hub.rollups.catalogue import NOTHING_DEFINED
from hub.segments import scope
from hub.vouchers.model import VoucherRefused, VoucherState
from hub.vouchers.settling import EVENTS
from hub_api.rewards import SENTENCES
from tests.docs.codes import codes_in
from tests.docs.pages import ROOT, blocks, code_words, first_column, section

PAGE = (ROOT / "docs" / "rewards.md").read_text(encoding="utf-8")


def test_the_reward_on_the_page_can_be_published_and_every_key_of_one_is_explained() -> None:
    (source,) = blocks(PAGE, "text")

    assert language.read(source, scope.of(NOTHING_DEFINED)).name == "five-euros-off"
    assert first_column(section(PAGE, "## A reward").partition("\n### ")[0]) == set(language.KEYS)


def test_every_kind_state_and_reason_is_explained() -> None:
    assert first_column(section(PAGE, "### What it gives")) == set(RewardKind)
    assert set(RewardState) <= code_words(section(PAGE, "## A reward"))
    assert first_column(section(PAGE, "## What a customer may have")) == set(Reason) == set(SENTENCES)


def test_every_state_and_refusal_of_a_voucher_is_explained() -> None:
    vouchers = section(PAGE, "## Vouchers")
    states, _, refusals = vouchers.partition("### At the checkout")

    assert first_column(states) == set(VoucherState)
    assert first_column(refusals) == {it.code for it in VoucherRefused.__subclasses__()}
    on_one_line = " ".join(vouchers.split())
    assert [it for it in EVENTS.values() if f"`{it}`" not in on_one_line] == []


def test_every_problem_of_a_reward_is_explained() -> None:
    assert first_column(section(PAGE, "## Problems")) == codes_in(ROOT / "hub" / "rewards")


def test_the_punch_card_on_the_page_can_be_published() -> None:
    (wallets,) = blocks(PAGE, "program")
    (reward,) = blocks(PAGE, "reward")
    head = "program: club\ntexts: {en: the club}\nzone: Europe/Berlin\ncurrency: EUR\n"
    known = scope.of(NOTHING_DEFINED)

    program = programs.read(head + wallets, known)
    card = language.read(reward, known)

    assert card.cost
    assert (card.auto, card.cost.program) == (True, program.name)
    assert card.cost.wallet in program.wallets
