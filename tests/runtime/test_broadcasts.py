"""`hub broadcasts`: a broadcast is created, listed, shown and steered on the command line."""

import asyncio
import functools
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from hub.access.audit import EntryDocument
from hub.broadcasts import store
from hub.profiles.model import Channel
from hub.segments import service as segments
from hub.wording.library import Library
from hub.wording.templates import template_of
from runtime.cli import application
from tests.runtime.verbs import Verb

TOMORROW = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
SALE = ("create", "Winter sale", "--segment", "vips", "--template", "sale", "--at", TOMORROW.isoformat(), "--key", "k")


@pytest.fixture
async def run(verb: Verb) -> Verb:
    await segments.publish("segment: vips\nwhen: profile.vip = true\n", by="t", key="k", now=datetime.now(UTC))
    await Library().save(template_of("sale", {"en/subject": "Sale", "en/text": "It is on. {{ links.unsubscribe }}"}))
    return functools.partial(verb, "broadcasts")


async def test_a_broadcast_is_created_once_listed_shown_and_steered(run: Verb) -> None:
    assert (await run("list")).startswith("There is no broadcast yet")
    made = await run(*SALE, "--channel", "push", "--channel", "email", "--per-minute", "600", "--json")
    assert await run(*SALE, "--channel", "push", "--channel", "email", "--per-minute", "600", "--json") == made
    wanted = made["id"]

    assert (made["state"], made["channels"], made["perMinute"]) == ("scheduled", ["push", "email"], 600)
    assert made["startsAt"] == TOMORROW.isoformat()
    assert (await run("list", "--json"))["broadcasts"] == [made]
    begins = f"{wanted} Winter sale: scheduled; sale to vips, starts "
    assert (await run("show", wanted)).startswith(begins)
    assert (await run("pause", wanted)).startswith(begins.replace("scheduled", "paused"))
    assert (await run("resume", wanted, "--json"))["state"] == "scheduled"
    assert (await run("cancel", wanted, "--json"))["state"] == "cancelled"
    assert (await run("cancel", wanted, "--json"))["state"] == "cancelled"
    told = [(it.what, it.after) for it in await EntryDocument.find_all().sort("_id").to_list()]
    assert [what for what, _ in told] == [f"{it} broadcast" for it in ("create", "pause", "resume", "cancel")]
    assert told[1:] == [
        ("pause broadcast", {"state": "paused"}),
        ("resume broadcast", {"state": "scheduled"}),
        ("cancel broadcast", {"state": "cancelled"}),
    ]


async def test_a_broadcast_at_everybodys_own_time_starts_where_the_day_begins_first(run: Verb) -> None:
    day = f"{TOMORROW + timedelta(days=1):%Y-%m-%d}"
    made = await run(*SALE[:6], "--local", f"{day}T09:00", "--json")

    assert made["localAt"] == f"{day}T09:00:00"
    assert made["startsAt"] == f"{TOMORROW:%Y-%m-%d}T19:00:00+00:00"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--at", "soon"), "A time is written as 2026-12-01T09:00."),
        (("--channel", "fax"), f"'fax' is none of {', '.join(Channel)}."),
    ],
)
async def test_what_cannot_be_read_is_refused_with_the_name_of_its_option(
    words: tuple[str, str], sentence: str
) -> None:
    done = CliRunner().invoke(application(), ["broadcasts", *SALE[:6], *words])

    assert done.exit_code == 2
    assert sentence in " ".join(done.output.replace("│", " ").split())
    assert words[0] in done.output


async def test_a_segment_that_a_broadcast_is_for_is_not_deleted_before_it_has_begun(run: Verb, verb: Verb) -> None:
    made = await run(*SALE, "--json")

    done = await asyncio.to_thread(CliRunner().invoke, application(), ["segments", "delete", "vips"])
    assert "broadcast Winter sale" in str(done.exception)
    await run("cancel", made["id"])
    await verb("segments", "delete", "vips")

    assert await store.waiting_for("vips") == []


async def test_best_stands_for_the_best_channel_and_hour_of_each_customer(run: Verb) -> None:
    named = ("create", "Sale", "--segment", "vips", "--template", "sale")

    of_all = await run(*named, "--channel", "best", "--at", "best", "--json")
    of_two = await run(*named, "--channel", "best", "--channel", "sms", "--channel", "email", "--json")

    told = [(it["channels"], it["bestChannel"], it["bestHour"], it["at"]) for it in (of_all, of_two)]
    assert told == [(["push", "email", "sms"], True, True, None), (["sms", "email"], True, False, None)]
