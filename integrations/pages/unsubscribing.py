"""`/m/u/T`: be rid of one topic on one channel. GET only shows; POST acts, also the one click of RFC 8058."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.kit import ids
from hub.profiles import consent
from hub.profiles.consent import EVERYTHING, ConsentState, Subject
from hub.profiles.consents import Word
from hub.profiles.links import Links
from hub.profiles.topics import Topics
from hub.settings import Settings
from integrations.pages import visit
from integrations.pages.shell import text_in
from integrations.pages.visit import Visit, shielded

_DONE: Final = frozenset({"unsubscribed", "stopped"})


def routes(settings: Settings, clock: Callable[[], datetime]) -> list[Route]:
    """List the route of unsubscribing."""
    page = _Page(settings, clock)
    return [
        Route("/m/u/{token}", shielded(page.show), methods=["GET"]),
        Route("/m/u/{token}", shielded(page.act), methods=["POST"]),
    ]


class _Page:
    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._links, self._topics, self._clock = Links(settings), Topics(), clock

    async def show(self, request: Request) -> Response:
        """Ask, and change nothing: scanners of mail open every link."""
        visitor, subject = await self._visitor(request)
        if visitor is None or subject is None:
            return visit.gone(request)
        done = request.query_params.get("done")
        return await self._page(visitor, subject, done=done if done in _DONE else None)

    async def act(self, request: Request) -> Response:
        """Unsubscribe: by the form of the page, or by the one click of a mail program, which has seen no page."""
        visitor, subject = await self._visitor(request)
        if visitor is None or subject is None:
            return visit.gone(request)
        async with request.form() as form:
            one_click = text_in(form, "List-Unsubscribe") == "One-Click"
            field, stops = text_in(form, "form"), text_in(form, "act") == "stop"
        if one_click:
            # Whatever else it is, a mail program that asks again means the same, until the customer says otherwise.
            key, stops = f"one click {subject.key} {consent.latest_of(visitor.profile.consents, subject)}", False
        else:
            made = self._links.key_of_form(field, request.path_params["token"], now=self._clock())
            if made is None:
                return await self._page(visitor, subject, done="too_old", status=HTTPStatus.BAD_REQUEST)
            key = str(made)
        wanted = (EVERYTHING if stops else subject, ConsentState.WITHDRAWN)
        words = [Word(*it) for it in consent.differing(visitor.profile.consents, [wanted])]
        await visitor.say(lambda: words, key=key, form=[stops])
        done = "stopped" if stops else "unsubscribed"
        # No mail program follows it, and no person who is told by one that all is well wants a page.
        return Response(status_code=HTTPStatus.OK) if one_click else visitor.back(done)

    async def _visitor(self, request: Request) -> tuple[Visit | None, Subject | None]:
        wanted = self._links.unsubscribes(request.path_params["token"], now=self._clock())
        visitor = await visit.begun(request, wanted.profile_id if wanted else None, self._clock)
        return visitor, wanted.subject if wanted else None

    async def _page(
        self, visitor: Visit, subject: Subject, *, done: str | None, status: int = HTTPStatus.OK
    ) -> Response:
        topic = (await self._topics.current()).topic(subject.brand, subject.topic)
        return visitor.shown(
            "unsubscribe",
            status=status,
            done=done,
            form=self._links.form(ids.new_id(), visitor.request.path_params["token"], now=self._clock()),
            topic=topic.name_in(visitor.language),
            channel=subject.channel,
        )
