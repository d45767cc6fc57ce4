import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import SecretStr

from hub.kit.ids import new_id
from hub.messaging.ports import Accepted, Ambiguous, CanFind, Gone, NotSent, Push, Refused, SendFailed
from hub.settings import Settings
from integrations.calling import NotSetUp
from integrations.fcm.credentials import InvalidServiceAccount
from integrations.fcm.sender import FcmSender
from tests.docs.pages import ROOT, code_words, section
from tests.integrations import fcm_rules
from tests.integrations.fcm_rules import ACCESS, PROJECT
from tests.integrations.provider_server import Answer, Fault, ProviderServer

ID = UUID("0190f5e2-0000-7000-8000-000000000001")
TOKEN = "cRAs1x:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx"
INSTALLATION = "cIg8Z9dHTkqRj-vTNbD2xE"
OUTCOMES: dict[str, type[SendFailed]] = {"refused": Refused, "gone": Gone, "not sent": NotSent, "ambiguous": Ambiguous}


def settings_for(url: str, account: str | None = None) -> Settings:
    return Settings(
        google_application_credentials=SecretStr(fcm_rules.service_account(url) if account is None else account),
        fcm_url=url,
        connect_seconds=1,
        read_seconds=2,
    )


def push(to: str = TOKEN, link: str | None = None) -> Push:
    return Push(ID, to, "Ihr Warenkorb", "Er ist noch da. 🛒", link)


def sends(server: ProviderServer) -> list[object]:
    return [it.json["message"] for it in server.taken if it.path != "/token"]


@pytest.fixture
async def sender(fcm_server: ProviderServer) -> AsyncIterator[FcmSender]:
    sender = FcmSender(settings_for(fcm_server.url))
    yield sender
    await sender.close()


async def test_a_push_is_written_with_the_fields_that_fcm_publishes(
    sender: FcmSender, fcm_server: ProviderServer
) -> None:
    assert await sender.send(push(link="https://shop.example/cart")) == Accepted(provider_id="0:1")

    assert sends(fcm_server) == [
        {
            "token": TOKEN,
            "data": {"hub_message": str(ID), "link": "https://shop.example/cart"},
            "notification": {"title": "Ihr Warenkorb", "body": "Er ist noch da. 🛒"},
            "android": {"collapse_key": str(ID), "notification": {"tag": str(ID)}},
            "apns": {"headers": {"apns-collapse-id": str(ID)}},
            "webpush": {
                "headers": {"Topic": ID.hex},
                "notification": {"tag": str(ID)},
                "fcm_options": {"link": "https://shop.example/cart"},
            },
        }
    ]
    assert fcm_server.taken[-1].headers["authorization"] == f"Bearer {ACCESS}"


async def test_a_link_into_the_app_is_for_the_app_only(sender: FcmSender, fcm_server: ProviderServer) -> None:
    await sender.send(push(link="shop://cart/7"))

    (message,) = sends(fcm_server)
    assert isinstance(message, dict)
    assert message["data"]["link"] == "shop://cart/7"
    assert "fcm_options" not in message["webpush"]


async def test_a_push_without_a_title_or_link_has_neither(sender: FcmSender, fcm_server: ProviderServer) -> None:
    await sender.send(replace(push(), title=""))

    (message,) = sends(fcm_server)
    assert isinstance(message, dict)
    assert message["notification"] == {"body": "Er ist noch da. 🛒"}
    assert message["data"] == {"hub_message": str(ID)}


async def test_a_device_may_be_known_by_its_installation_id(sender: FcmSender, fcm_server: ProviderServer) -> None:
    await sender.send(push(INSTALLATION))

    (message,) = sends(fcm_server)
    assert isinstance(message, dict)
    assert message["fid"] == INSTALLATION
    assert "token" not in message


async def test_a_token_of_a_removed_app_is_gone(sender: FcmSender) -> None:
    with pytest.raises(Gone, match=r"^FCM answered 404, UNREGISTERED\.$"):
        await sender.send(push(fcm_rules.DEAD))


async def test_a_token_of_another_sender_is_refused_and_not_gone(sender: FcmSender) -> None:
    with pytest.raises(Refused, match=r"^FCM answered 403, SENDER_ID_MISMATCH\.$") as caught:
        await sender.send(push(fcm_rules.OTHERS))

    assert not isinstance(caught.value, Gone)


async def test_a_project_that_is_not_there_loses_no_tokens(sender: FcmSender, fcm_server: ProviderServer) -> None:
    fcm_server.answer = None
    await sender.send(push())
    fcm_server.answer = fcm_rules.error(404, "NOT_FOUND")

    with pytest.raises(NotSent, match=r"^FCM answered 404\.$"):
        await sender.send(push())


async def test_a_push_that_is_too_large_is_refused(sender: FcmSender) -> None:
    with pytest.raises(Refused, match=r"^FCM answered 400, INVALID_ARGUMENT\.$"):
        await sender.send(replace(push(), text="x" * 4096))


@pytest.mark.parametrize(
    ("status", "headers", "after"),
    [(429, {"Retry-After": "7"}, 7), (429, {}, 60), (503, {"Retry-After": "3"}, 3), (503, {}, None)],
)
async def test_who_asks_too_much_is_told_when_to_come_again(
    status: int, headers: dict[str, str], after: float | None, sender: FcmSender, fcm_server: ProviderServer
) -> None:
    await sender.send(push())
    fcm_server.answer = replace(fcm_rules.error(status, "UNAVAILABLE"), headers=headers)

    with pytest.raises(NotSent) as caught:
        await sender.send(push())

    assert caught.value.after == after


def published() -> list[tuple[int, str, str]]:
    """The codes that the page explains, and what it says that they mean."""
    page = (ROOT / "docs" / "providers" / "fcm.md").read_text(encoding="utf-8")
    return [
        (int(status), code, meaning.strip().partition(":")[0])
        for line in section(page, "## Codes").splitlines()
        if line.startswith("| `")
        for _, codes, status, meaning, _ in [line.split("|", 4)]
        for code in sorted(code_words(codes))
    ]


@pytest.mark.parametrize(("status", "code", "meaning"), published())
async def test_a_code_means_what_the_page_says(
    status: int, code: str, meaning: str, sender: FcmSender, fcm_server: ProviderServer
) -> None:
    await sender.send(push())
    fcm_server.answer = fcm_rules.error(status, "SAID", code)

    with pytest.raises(OUTCOMES[meaning]) as caught:
        await sender.send(push())

    assert type(caught.value) is OUTCOMES[meaning]
    assert caught.value.message == f"FCM answered {status}, {code}."


@pytest.mark.parametrize("code", [7, "a@b", f"{TOKEN}", "lower", {"a": 1}])
async def test_what_is_no_code_is_not_repeated(code: object, sender: FcmSender, fcm_server: ProviderServer) -> None:
    await sender.send(push())
    fcm_server.answer = Answer(400, {"error": {"details": [{"errorCode": code}, None]}})

    with pytest.raises(Refused, match=r"^FCM answered 400\.$"):
        await sender.send(push())


async def test_many_at_once_ask_for_one_access_token(sender: FcmSender, fcm_server: ProviderServer) -> None:
    await asyncio.gather(*(sender.send(replace(push(), key=new_id())) for _ in range(10)))

    assert [it.path for it in fcm_server.taken].count("/token") == 1
    assert len(sends(fcm_server)) == 10


async def test_an_access_token_that_is_no_longer_accepted_is_asked_for_anew(
    sender: FcmSender, fcm_server: ProviderServer
) -> None:
    await sender.send(push())
    fcm_server.answer = fcm_rules.error(401, "UNAUTHENTICATED")
    with pytest.raises(NotSent):
        await sender.send(push())
    await sender.send(push())

    assert [it.path for it in fcm_server.taken].count("/token") == 2


async def test_a_wrong_key_of_apple_is_no_wrong_access_token(sender: FcmSender, fcm_server: ProviderServer) -> None:
    await sender.send(push())
    fcm_server.answer = fcm_rules.error(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR")
    with pytest.raises(NotSent):
        await sender.send(push())
    await sender.send(push())

    assert [it.path for it in fcm_server.taken].count("/token") == 1


async def test_without_an_access_token_nothing_is_sent(sender: FcmSender, fcm_server: ProviderServer) -> None:
    fcm_server.answer = Answer(400, {"error": "invalid_grant"})

    with pytest.raises(NotSent, match=r"^Google gave no access token \(RefreshError\)\.$"):
        await sender.send(push())

    assert sends(fcm_server) == []
    await sender.send(push())
    assert len(sends(fcm_server)) == 1


async def test_who_waits_too_long_for_an_access_token_has_not_sent_and_a_later_call_finds_it(
    sender: FcmSender, fcm_server: ProviderServer
) -> None:
    fcm_server.fault = Fault.TAKES_IT_AND_IS_SILENT

    with pytest.raises(NotSent, match=r"^Google gave no access token \(TimeoutError\)\.$"):
        await sender.send(push())

    assert sends(fcm_server) == []


def test_the_key_may_be_a_path(tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    file.write_text(fcm_rules.service_account("https://google.example"), encoding="utf-8")

    sender = FcmSender(settings_for("https://fcm.example", str(file)))

    assert sender._account.project == PROJECT


@pytest.mark.parametrize("written", ["/nowhere/at/all.json", "{}", "{", json.dumps({"type": "service_account"})])
def test_a_key_that_is_none_is_refused_at_once_and_not_repeated(written: str) -> None:
    with pytest.raises(InvalidServiceAccount) as caught:
        FcmSender(settings_for("https://fcm.example", written))

    assert written not in str(caught.value)
    assert caught.value.__cause__ is None


def test_without_a_key_nothing_starts() -> None:
    said = "^HUB_PUSH_PROVIDER=fcm needs GOOGLE_APPLICATION_CREDENTIALS, which is not set\\.$"
    with pytest.raises(NotSetUp, match=said):
        FcmSender(settings_for("https://fcm.example", ""))


def test_fcm_cannot_be_asked_for_a_message() -> None:
    assert not isinstance(FcmSender(settings_for("https://fcm.example")), CanFind)
