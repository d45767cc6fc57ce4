"""`docs/loyalty.md` shows programs that can be activated, and explains every key and problem."""

from hub.conditions.kinds import ANY_SEGMENT, SEGMENT
from hub.earning.model import Why
from hub.programs import language, rules_language, tiers_language
from hub.programs.summary import summary
from hub.rollups.catalogue import NOTHING_DEFINED
from hub.segments import scope
from tests.docs.codes import codes_in
from tests.docs.pages import ROOT, blocks, first_column, section

PAGE = (ROOT / "docs" / "loyalty.md").read_text(encoding="utf-8")
KNOWN = {**scope.of(NOTHING_DEFINED), SEGMENT: ANY_SEGMENT}
FIRST, MULTIPLIERS, TIERS, _ = blocks(PAGE, "text")


def test_the_program_on_the_page_can_be_activated_and_says_what_the_page_says() -> None:
    program = language.read(FIRST, KNOWN)

    quoted = " ".join(line.removeprefix("> ") for line in PAGE.splitlines() if line.startswith("> "))
    assert summary(program, "en") == quoted


def test_the_multipliers_on_the_page_can_be_added_to_it() -> None:
    assert set(language.read(FIRST + MULTIPLIERS, KNOWN).multipliers) == {"big-basket", "gold-saturday"}


def test_the_tiers_on_the_page_can_be_added_to_it_and_each_of_their_keys_is_explained() -> None:
    status = """\
  - wallet: status
    kind: qualifying
    one: {en: status point, de: Statuspunkt}
    many: {en: status points, de: Statuspunkte}
    expires: {end_of: year}
rules:
"""
    tiers = language.read(FIRST.replace("rules:\n", status) + TIERS, KNOWN).tiers

    assert tiers
    assert [it.name for it in tiers.levels] == ["silver", "gold"]
    keys = first_column(section(PAGE, "## Tiers")) - {""}
    assert keys == set(tiers_language.KEYS)


def test_every_way_to_expire_on_the_page_can_be_written() -> None:
    ways = first_column(section(PAGE, "## Wallets").partition("| `expires` | when")[2])

    assert len(ways) == 5
    for way in ways:
        assert language.read(FIRST.replace("{after: 365d}", way), KNOWN)


def test_every_key_of_a_rule_is_explained() -> None:
    words = " ".join(first_column(section(PAGE, "## Rules")))

    for key in set(rules_language.OF_RULE) - {"rule", "description", "wallet"}:
        assert key in words


def test_every_reason_why_a_rule_gives_nothing_is_explained() -> None:
    explained = first_column(section(PAGE, "## Why an order has earned what it has"))

    assert explained == {it.value.upper() for it in Why}


def test_every_problem_of_a_program_is_explained() -> None:
    assert first_column(section(PAGE, "## Problems")) == codes_in(ROOT / "hub" / "programs")
