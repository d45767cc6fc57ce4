"""`/m/p/T`: what a customer may choose, without signing in. GET only shows, POST acts."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from itertools import groupby
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.kit import ids
from hub.profiles import preferences
from hub.profiles.consent import DEFAULT_BRAND, EVERYTHING, ConsentState
from hub.profiles.consents import Word
from hub.profiles.links import Links
from hub.profiles.preferences import Switch
from hub.profiles.topics import Topics
from hub.settings import Settings
from integrations.pages import shell, visit
from integrations.pages.shell import text_in
from integrations.pages.visit import PAGE, Visit, shielded, texts_in

_DONE: Final = frozenset({"saved", "stopped"})
"""What a page says that was just used."""


def routes(settings: Settings, clock: Callable[[], datetime]) -> list[Route]:
    """List the route of the preference page."""
    pages = _Page(settings, clock)
    return [
        Route("/m/p/{token}", shielded(pages.show), methods=["GET"]),
        Route("/m/p/{token}", shielded(pages.act), methods=["POST"]),
    ]


class _Page:
    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._links, self._topics = Links(settings), Topics()
        self._unsaid, self._clock = preferences.policies(settings), clock

    async def show(self, request: Request) -> Response:
        """Show the switches, and change nothing: scanners of mail open every link."""
        visitor = await self._visitor(request)
        if visitor is None:
            return visit.gone(request)
        done = request.query_params.get("done")
        return await self._page(visitor, done=done if done in _DONE else None)

    async def act(self, request: Request) -> Response:
        """Turn the switches as the form says, or stop everything."""
        visitor = await self._visitor(request)
        if visitor is None:
            return visit.gone(request)
        async with request.form() as form:
            field, stops = text_in(form, "form"), text_in(form, "act") == "stop"
            shown, on = texts_in(form, "shown"), texts_in(form, "on")
        key = self._links.key_of_form(field, request.path_params["token"], now=self._clock())
        if key is None:
            return await self._page(visitor, done="too_old", status=HTTPStatus.BAD_REQUEST)
        switches = await self._switches(visitor)
        version = f"preferences {shell.texts(PAGE)[visitor.language]['version']} {visitor.language}"

        def words() -> list[Word]:
            if stops:
                return [Word(EVERYTHING, ConsentState.WITHDRAWN, version)]
            # A switch that was not on the page was not turned: a topic may be new since.
            turned = [it for it in switches if it.subject.key in shown and it.on != (it.subject.key in on)]
            return [Word(it.subject, _turned(it), version) for it in turned]

        await visitor.say(words, key=str(key), form=[stops, shown, on])
        return visitor.back("stopped" if stops else "saved")

    async def _visitor(self, request: Request) -> Visit | None:
        profile_id = self._links.prefers(request.path_params["token"], now=self._clock())
        return await visit.begun(request, profile_id, self._clock)

    async def _switches(self, visitor: Visit) -> list[Switch]:
        return preferences.switches(visitor.profile, await self._topics.current(), self._unsaid)

    async def _page(self, visitor: Visit, *, done: str | None, status: int = HTTPStatus.OK) -> Response:
        switches = await self._switches(visitor)
        token = visitor.request.path_params["token"]
        return visitor.shown(
            "choose",
            status=status,
            done=done,
            form=self._links.form(ids.new_id(), token, now=self._clock()),
            brands=_by_brand(switches, visitor.language),
        )


def _turned(switch: Switch) -> ConsentState:
    return ConsentState.WITHDRAWN if switch.on else ConsentState.GRANTED


def _by_brand(switches: list[Switch], language: str) -> list[dict[str, Any]]:
    """Group the switches as the page shows them: by brand, then by topic."""
    return [
        {
            "name": "" if brand == DEFAULT_BRAND else brand.replace("-", " ").replace("_", " ").title(),
            "topics": [
                {
                    "name": topic.name_in(language),
                    "description": topic.description_in(language),
                    "switches": list(of_topic),
                }
                for topic, of_topic in groupby(of_brand, lambda it: it.topic)
            ],
        }
        for brand, of_brand in groupby(switches, lambda it: it.topic.brand)
    ]
