"""`/q/CODE`: who scans a poster joins its program, or redeems a reward, by the address they have, without an app.

An app that has claimed these addresses opens instead of the page, and asks the API what the code is for.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.commerce import posters_store
from hub.commerce.posters import NoSuchPoster, PosterRefused, Purpose
from hub.kit.languages import by_nearness
from hub.membership import service
from hub.membership.model import Joining
from hub.profiles import members, store
from hub.settings import Settings
from integrations.pages import browser, redeeming, shell
from integrations.pages.visit import shielded

_PAGE: Final = "join"


@dataclass(frozen=True, slots=True)
class ByPoster:
    """What somebody joins who has scanned a poster, and how."""

    program: str
    joining: Joining


def routes(settings: Settings, clock: Callable[[], datetime]) -> list[Route]:
    """List the route of posters."""

    async def show(request: Request) -> Response:
        try:
            poster = await posters_store.load(request.path_params["code"])
            poster.check(poster.about.purpose, now=clock())
        except PosterRefused as error:
            status = HTTPStatus.NOT_FOUND if isinstance(error, NoSuchPoster) else HTTPStatus.GONE
            return _shown(request, "refused", status=status, refused=error.code)
        # A form that is sent twice acts once: it carries the key of its request.
        given: dict[str, Any] = {"poster": poster.code, "key": uuid.uuid4().hex}
        if poster.about.purpose is Purpose.REDEEM:
            language = shell.language_of(request, redeeming.PAGE)
            return browser.known(shell.page(redeeming.PAGE, language, step="ask", **given), request, settings)
        called = await _called(request, poster.about.program)
        return browser.known(_shown(request, "ask", program=called, **given), request, settings)

    return [Route("/q/{code}", shielded(show), methods=["GET"])]


async def joining_by(code: str, *, now: datetime) -> ByPoster | None:
    """Say how somebody joins who has scanned a code. None where they want to redeem.

    Raises:
        PosterRefused: it is not in use for that.
    """
    poster = await posters_store.load(code)
    if poster.about.purpose is Purpose.REDEEM:
        poster.check(Purpose.REDEEM, now=now)
        return None
    return ByPoster(poster.about.program, service.by_poster(poster, None, None, now=now))


async def join(profile_id: UUID, by: ByPoster, *, cause: UUID, now: datetime) -> dict[str, Any]:
    """Let somebody join who has just shown who they are, and give what to tell them of it."""
    head = (await store.heads([profile_id]))[profile_id]
    joined = await service.join(head, by.program, by.joining, cause=cause, at=now, now=now)
    return {"program": by.program, "already": not joined.is_new}


async def welcome(
    request: Request, profile_id: UUID, told: Mapping[str, Any], preferences: str, *, now: datetime
) -> Response:
    """Show a member their code; `told` is what `join` gave, `preferences` the address of their own page."""
    head = (await store.heads([profile_id]))[profile_id]
    code = await members.own_code(head.own_ids, now=now)
    given = {"program": await _called(request, told["program"]), "already": told["already"]}
    return _shown(request, "joined", code=code, preferences=preferences, **given)


async def _called(request: Request, program: str) -> str:
    """Give what people call a program, in the language of the page."""
    texts = (await service.program_of(program)).texts
    return texts[by_nearness(texts, shell.language_of(request, _PAGE))[0]]


def _shown(request: Request, step: str, *, status: int = HTTPStatus.OK, **values: Any) -> Response:
    return shell.page(_PAGE, shell.language_of(request, _PAGE), status=status, step=step, **values)
