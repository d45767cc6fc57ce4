"""`hub export audience`: a file of hashes for an advertising platform."""

import asyncio
import csv
import hashlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

import hub.database
from hub.access.audit import EntryDocument
from hub.database import Client, Database
from hub.profiles import topics
from hub.profiles.topics import ADVERTISING, Topic, TopicClass
from hub.segments import service as segments
from hub.settings import Settings
from runtime import wiring
from runtime.cli import application
from tests.rollups.stage import Shop
from tests.runtime.verbs import Verb

REFERRALS = "rollup: referrals\nevent: Friend Referred\n"
REVIEWS = "rollup: reviews\nevent: Product Reviewed\nwhere: properties.rating >= 4\n"
ADVOCATES = "segment: advocates\nwhen: referrals.count >= 1 or reviews.count >= 1 or profile.nps >= 9\n"
PHONE = "+491701234567"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
async def shop(database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop that asks about advertising elsewhere: Ada refers, Bob reviews, Cyd and Dan would recommend, Eve not."""
    monkeypatch.setenv("HUB_SECRET_KEY", settings.secret_key.get_secret_value())
    shop = Shop(database)
    await shop.publish(REFERRALS, REVIEWS)
    await segments.publish(ADVOCATES, by="test", key="k", now=shop.now)
    elsewhere = Topic("default", ADVERTISING, TopicClass.MARKETING, {"en": "Advertising elsewhere"}, {})
    await topics.save(elsewhere, now=shop.now)
    for user, nps in (("ada", 7), ("bob", 8), ("cyd", 9), ("dan", 10), ("eve", 6)):
        await shop.identify(user=user, traits={"nps": nps, "email": f"{user}@example.com", "phone": PHONE})
    await shop.say("Friend Referred", user="ada")
    await shop.say("Product Reviewed", user="bob", properties={"rating": 5})
    await shop.say("Product Reviewed", user="eve", properties={"rating": 1})
    for user in ("ada", "bob", "cyd", "eve"):
        await shop.say("Consent Granted", user=user, properties={"topic": ADVERTISING, "channel": "email"})
    await shop.say("Consent Granted", user="ada", properties={"topic": ADVERTISING, "channel": "sms"})
    await shop.route()
    return shop


async def test_an_advocate_segment_of_referrals_reviews_and_nps_is_exportable_with_hashed_ids_only_with_consent(
    verb: Verb, shop: Shop, tmp_path: Path
) -> None:
    del shop
    file = tmp_path / "advocates.csv"

    told = await verb("export", "audience", "advocates", str(file), "--for", "google", "--json")

    assert told == {"rows": 3, "members": 4, "file": str(file)}
    with file.open(newline="") as opened:
        header, *rows = csv.reader(opened)
    assert header == ["Email", "Phone"]
    assert sorted(rows) == sorted(
        [
            [sha256("ada@example.com"), sha256(PHONE)],
            [sha256("bob@example.com"), ""],
            [sha256("cyd@example.com"), ""],
        ]
    )
    [entry] = await EntryDocument.find(EntryDocument.what == "export").to_list()
    assert entry.after == {"kind": "audience", "segment": "advocates", "for": "google", "brand": "default"}
    assert entry.brands == ["default"]


async def test_a_consent_that_is_withdrawn_leaves_the_person_out_of_the_next_file(
    verb: Verb, shop: Shop, tmp_path: Path
) -> None:
    file = tmp_path / "advocates.csv"
    words = ("export", "audience", "advocates", str(file), "--for", "meta")
    assert await verb(*words) == f"3 of 4 members in {file}."

    await shop.identify(user="bob")
    await shop.say("Consent Withdrawn", user="bob")
    await shop.route()

    assert await verb(*words) == f"2 of 4 members in {file}."
    assert sha256("bob@example.com") not in file.read_text()
    assert sha256(PHONE.removeprefix("+")) in file.read_text()


@pytest.mark.usefixtures("verb", "shop")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("advocates", "--for", "acme"), (2, "one of google, meta.")),
        (("advocats", "--for", "meta"), (1, "There is no segment `advocats`. Did you mean `advocates`?")),
        (("advocates", "--for", "meta", "--brand", "north"), (1, "The brand `north` has no topic `advertising`")),
    ],
)
async def test_what_cannot_be_exported_is_told_in_a_sentence_and_leaves_no_file_and_no_entry(
    client: Client, tmp_path: Path, words: tuple[str, ...], told: tuple[int, str]
) -> None:
    name, *options = words
    file = tmp_path / "audience.csv"

    done = await asyncio.to_thread(CliRunner().invoke, application(), ["export", "audience", name, str(file), *options])
    await hub.database.use(client, wiring.DOCUMENTS)

    code, sentence = told
    assert (done.exit_code, sentence in f"{done.stderr} {done.exception}") == (code, True)
    assert not file.exists()
    assert await EntryDocument.count() == 0
