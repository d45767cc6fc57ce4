"""`/m/p/T/confirm`: confirm a consent from a message to the address it is for. GET only shows, POST acts."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.messaging import confirming
from hub.messaging.confirming import Confirmation
from hub.profiles.consent import ConsentState
from hub.profiles.links import Links
from hub.profiles.suppression import Suppressions
from hub.profiles.topics import Topics
from hub.settings import Settings
from integrations.pages import visit
from integrations.pages.visit import Visit, shielded

_CONFIRMED: Final = "confirmed"


def routes(settings: Settings, clock: Callable[[], datetime]) -> list[Route]:
    """List the route of confirming."""
    page = _Page(settings, clock)
    return [
        Route("/m/p/{token}/confirm", shielded(page.show), methods=["GET"]),
        Route("/m/p/{token}/confirm", shielded(page.act), methods=["POST"]),
    ]


class _Page:
    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._links, self._topics, self._clock = Links(settings), Topics(), clock
        self._suppressions = Suppressions(settings)

    async def show(self, request: Request) -> Response:
        """Show what would be confirmed, and change nothing: a scanner of mail must not agree for anybody."""
        found = await self._found(request)
        if found is None:
            return visit.gone(request)
        visitor = Visit(request, found.profile, self._clock)
        subject = found.asked.subject
        topic = (await self._topics.current()).topic(subject.brand, subject.topic)
        return visitor.shown(
            "confirm",
            done=_CONFIRMED if found.done else None,
            topic=topic.name_in(visitor.language),
            channel=subject.channel,
        )

    async def act(self, request: Request) -> Response:
        """Confirm."""
        found = await self._found(request)
        if found is None:
            return visit.gone(request)
        visitor = Visit(request, found.profile, self._clock)

        async def confirm() -> Done:
            await confirming.confirm(found, now=self._clock())
            before = {found.asked.subject.key: ConsentState.PENDING.value}
            after = {found.asked.subject.key: ConsentState.GRANTED.value}
            brands = found.asked.subject.brands
            return Done({}, Change("set consent", str(found.profile.id), before, after, brands=brands))

        # The link is its own key: one consent is confirmed once, however often and from wherever.
        await visitor.do(confirm, key=str(found.asked.id), form=None)
        return visitor.back(_CONFIRMED)

    async def _found(self, request: Request) -> Confirmation | None:
        consent_id = self._links.confirms(request.path_params["token"], now=self._clock())
        return await confirming.find(consent_id, self._suppressions) if consent_id else None
