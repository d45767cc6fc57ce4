"""Every command on the page about tills does what the page says."""

import json
import shlex

from hub.profiles import members
from hub.profiles.model import IdentifierKind
from tests.docs.pages import ROOT, blocks
from tests.earning.shop import activate
from tests.intake.inflow import NOW, route_all, said
from tests.tills.test_vouchers_at_tills import FIVE
from tests.tills.tilling import Till, kept, person
from tests.vouchers.stage import Stage

PAGE = (ROOT / "docs" / "tills.md").read_text(encoding="utf-8")


async def test_every_command_on_the_page_is_taken(till: Till, ada: Stage) -> None:
    await activate()
    await ada.publish(FIVE)
    await ada.earn(100)
    await said({"type": "identify", "userId": "ada", "traits": {"name": "Ada"}})
    await route_all()
    code = await members.new_code((await person(IdentifierKind.USER, "ada")).id, now=NOW)
    voucher = (await ada.redeem("five")).code
    commands = [it for it in blocks(PAGE, "sh") if it.startswith("curl")]

    for command in commands:
        said_by_it = command.replace("\\\n", "").replace("$HUB_URL", "").replace("$TILL_KEY", till.key)
        _, path, *options = shlex.split(said_by_it.replace("$MEMBER_CODE", code).replace("$VOUCHER_CODE", voucher))
        given = dict(zip(options[::2], options[1::2], strict=True))
        headers = dict(
            value.split(": ", 1) for name, value in zip(options[::2], options[1::2], strict=True) if name == "-H"
        )
        if "Prefer" in headers:
            headers["Prefer"] = "wait=0"  # nobody routes here
        answer = await till.web.post(path, content=dict(given)["-d"], headers=headers)
        assert answer.status_code == 200, (command, answer.text)
        if "/days" in path or "/vouchers" in path:
            continue
        for result in answer.json().get("results", [answer.json()]):
            assert result.keys() == {"id", "applied"}
    await route_all()

    assert len(commands) == 8
    sold = await kept("4711")
    assert sold.net is not None
    assert sold.net.minor == 3980 - 1745


def test_every_answer_on_the_page_is_json() -> None:
    assert [json.loads(it) for it in blocks(PAGE, "json")]
