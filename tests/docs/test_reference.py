import runpy
from pathlib import Path

import pytest
from graphql import build_schema

from hub.access.grants import KeyKind
from hub.access.idempotency import InProgress
from hub.access.model import CallerKind, Forbidden, Role, Scope, Unauthenticated
from hub.access.signin import TooManyRequests
from hub.broadcasts.model import State as BroadcastState
from hub.conditions import catalogue
from hub.database import DatabaseAway
from hub.decisions.model import Reason
from hub.journeys import language
from hub.journeys.model import Status
from hub.kit.problems import InvalidDefinition
from hub.messaging.model import MessageClass, Outcome, State
from hub.privacy.service import NobodyThere
from hub.profiles.model import Channel
from hub.reviews.model import State as ReviewState
from hub.rollups.catalogue import NOTHING_DEFINED
from hub.segments import scope
from hub.vouchers.model import VoucherState
from hub.wording.parts import Part
from hub_api import errors
from hub_api.limits import QueryTooComplex
from tests.docs.codes import codes_in
from tests.docs.pages import PAGES, ROOT, blocks, code_words, first_column, name_of, section

REFERENCE = ROOT / "docs" / "reference"
CONTRACTS = (ROOT / "docs" / "contracts.md").read_text(encoding="utf-8").partition("## Reserved")[0]


def read(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def test_the_written_pages_say_what_the_code_says() -> None:
    for file, text in runpy.run_path(str(REFERENCE / "generate.py"))["pages"]().items():
        assert file.read_text(encoding="utf-8") == text, "run docs/reference/generate.py"


def test_every_reason_of_a_decision_is_explained() -> None:
    headings = {line[4:] for line in section(read("decisions.md"), "## Reasons").splitlines() if line[:4] == "### "}

    assert headings == set(Reason)


def test_every_refusal_of_an_event_is_explained() -> None:
    text = section(read("events.md"), "## Refusals")

    assert first_column(text) | {"not_routable"} == codes_in(ROOT / "hub" / "intake")
    assert "not_routable" in code_words(text)


def test_every_problem_of_a_journey_and_its_templates_is_explained() -> None:
    text = section(read("journeys.md"), "## Problems")
    journeys, _, templates = text.partition("And of templates")
    rooms = [ROOT / "hub" / name for name in ("kit", "conditions", "journeys")]

    assert first_column(journeys) == set().union(*map(codes_in, rooms))
    assert first_column(templates) == codes_in(ROOT / "hub" / "wording")


@pytest.mark.parametrize(
    ("code", "example"),
    [
        (row.split("`")[1], row.split("|")[3])
        for row in section(read("journeys.md"), "## Problems").splitlines()
        if row.startswith("| `") and row.count("|") == 4
    ],
)
def test_every_example_of_a_problem_has_that_problem(code: str, example: str) -> None:
    for fragment in code_words(example):
        assert code in problems_of(fragment), f"{fragment} has another problem"


def problems_of(fragment: str) -> set[str]:
    """What is wrong with a journey that has this fragment where it belongs."""
    enter, steps, before = "enter: {event: Checkout Started}", "steps: [end]", "journey: a"
    match fragment.partition(" ")[0]:
        case "journey:":
            before = f"{fragment}\n{fragment}" if fragment == "journey: a" else fragment
        case "enter:":
            enter = fragment
        case "steps:":
            steps = fragment
        case "channels:":
            steps = f"steps: [{{send: {{template: x, {fragment}}}}}]"
        case "wait:" | "send:" | "sned:":
            steps = f"steps: [{{{fragment}}}]"
        case _:
            enter = f"enter: {{event: Checkout Started, where: '{fragment}'}}"
    with pytest.raises(InvalidDefinition) as refused:
        language.read(f"{before}\n{enter}\n{steps}\n", templates={"x"}, known=scope.of(NOTHING_DEFINED))
    return {problem.code for problem in refused.value.problems}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_journey_on_a_page_can_be_published(page: Path) -> None:
    templates = {"cart-reminder", "cart-vip-offer", "cart-last-call", "second-coffee", "thanks", "review-request"}

    for journey in blocks(page.read_text(encoding="utf-8"), "yaml"):
        assert language.read(journey, templates=templates, known=scope.of(NOTHING_DEFINED)).steps


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("### Reasons of a decision", set(Reason)),
        ("### States", {*Status, *State, *Outcome, *BroadcastState, *ReviewState, *VoucherState}),
        ("### Message classes", {*MessageClass, State.UNKNOWN}),
        (
            "### Files",
            {
                *(f"NAME.{kind}.yaml" for kind in ("journey", "shipping", "rollup", "preference")),
                *(
                    "NAME.segment.yaml",
                    "NAME.question.yaml",
                    "NAME.snippet.yaml",
                    "NAME.brand.yaml",
                    "NAME.content.yaml",
                    "NAME.program.yaml",
                    "NAME.reward.yaml",
                    "contact.policy.yaml",
                    "rules.reviews.yaml",
                    "engagement.yaml",
                    "stages.yaml",
                    "templates/NAME/LANG/PART.liquid",
                    *Part,
                ),
            },
        ),
    ],
)
def test_the_contracts_name_what_the_code_names(heading: str, names: set[str]) -> None:
    assert code_words(section(CONTRACTS, heading)) == names


def test_the_contracts_name_every_caller_and_scope() -> None:
    callers = section(CONTRACTS, "### Keys and tokens")

    assert {*CallerKind, *KeyKind, *Role, *Scope} <= code_words(callers)


def test_the_contracts_name_every_query_mutation_and_error_of_the_api() -> None:
    api = build_schema((ROOT / "graphql" / "schema.graphql").read_text(encoding="utf-8"))
    text = section(CONTRACTS, "### GraphQL")
    fields, _, codes = text.partition("| `extensions.code`")

    assert api.query_type
    assert api.mutation_type
    assert first_column(fields) == {*api.query_type.fields, *api.mutation_type.fields}
    assert first_column(codes) == {
        *(Unauthenticated.code, Forbidden.code, QueryTooComplex.code, InProgress.code, TooManyRequests.code),
        *(errors.BAD_USER_INPUT, errors.PARSE_FAILED, errors.VALIDATION_FAILED, errors.INTERNAL),
        NobodyThere.code,
        DatabaseAway.code,
    }


def test_the_contracts_name_every_key_of_hub_json() -> None:
    published = (ROOT / "runtime" / "supervisor.py").read_text(encoding="utf-8")

    for name in code_words(section(CONTRACTS, "### hub.json")) - {".hub/", "--data"}:
        assert f'"{name}"' in published or name.endswith(("_key", "_token")), name


def test_the_language_knows_the_events_and_channels_that_its_reference_uses() -> None:
    text = read("journeys.md")

    assert {"Checkout Started", "Order Completed"} <= catalogue.EVENTS.keys()
    assert set(Channel) <= code_words(section(text, "### send"))


def test_every_log_line_that_operators_are_told_of_is_written() -> None:
    operator = (ROOT / "docs" / "tutorials" / "operator.md").read_text(encoding="utf-8")
    source = "".join(
        file.read_text(encoding="utf-8")
        for room in ("hub", "workflows", "integrations", "graphql", "runtime")
        for file in (ROOT / room).rglob("*.py")
    )

    named = first_column(operator.partition("Lines worth an alert:")[2].partition("\n## ")[0])

    assert len(named) > 5
    assert {name for name in named if f'"{name}"' not in source} == set()
