"""A visit by a signed link: whom it is about, and what they do there, once under its key and audited as anybody's."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import structlog
from pymongo.errors import PyMongoError
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access import idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done, IdempotencyKeyReused
from hub.access.model import Caller, CallerKind, Scope
from hub.database import AWAY_SECONDS
from hub.kit.errors import TryLater
from hub.kit.languages import by_nearness
from hub.profiles import consents, devices
from hub.profiles.consent import How
from hub.profiles.consents import Speaker, Word
from hub.profiles.model import Profile
from integrations.pages import shell

log = structlog.get_logger(__name__)

PAGE: Final = "preferences"

_SPEAKER: Final = Speaker("preferences", How.PAGE)


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody on a page of theirs."""

    request: Request
    profile: Profile
    clock: Callable[[], datetime]

    @property
    def language(self) -> str:
        """The language of their page: the nearest to theirs that there are texts in."""
        return by_nearness(shell.texts(PAGE), self.profile.language)[0]

    def shown(self, step: str, *, status: int = HTTPStatus.OK, **values: Any) -> Response:
        """Show `html/preferences/STEP.html` in their language."""
        return shell.page(PAGE, self.language, status=status, step=step, **values)

    def back(self, done: str) -> Response:
        """Lead them back to the page by GET, so that reloading it sends nothing again."""
        return RedirectResponse(f"{self.request.url.path}?done={done}", HTTPStatus.SEE_OTHER, shell.HEADERS)

    async def say(self, words: Callable[[], Sequence[Word]], *, key: str, form: object) -> None:
        """Let words of theirs hold, unless the form was sent before.

        Args:
            words: what they say; nothing where all of it holds already.
            key: of the form.
            form: what the form holds.

        Raises:
            IdempotencyKeyReused: the form was sent before, with something else in it.
            InProgress: the same form is being worked on.
        """
        profile_id = str(self.profile.id)

        async def act() -> Done:
            said = await consents.say(self.profile, words(), by=_SPEAKER, cause=f"page {key}", now=self.clock())
            after = {it.subject.key: it.standing.state.value for it in said}
            brands = frozenset().union(*(it.subject.brands for it in said))
            return Done({}, Change("set consent", profile_id, None, after, brands=brands) if said else None)

        await self.do(act, key=key, form=form)

    async def do(self, act: Callable[[], Awaitable[Done]], *, key: str, form: object) -> None:
        """Do what a form asks for, unless it was done under its key; see `say`."""
        profile_id = self.profile.id
        caller = Caller(
            CallerKind.CUSTOMER, f"profile:{profile_id}", frozenset({Scope.PROFILE_SELF}), profile_id=profile_id
        )
        route, request_id = self.request.scope["route"].path, self.request.state.request_id
        await idempotency.once(caller, f"POST {route}", key, form, act, clock=self.clock, request_id=request_id)


async def begun(request: Request, profile_id: UUID | None, clock: Callable[[], datetime]) -> Visit | None:
    """Tell who visits. None where the link is not valid, or the person is not there any more."""
    if profile_id is None:
        return None
    profile = (await devices.heads([profile_id])).get(profile_id)
    return Visit(request, profile, clock) if profile else None


def gone(request: Request) -> Response:
    """Say that a link is not valid, or not any more."""
    return notice(request, "gone", HTTPStatus.NOT_FOUND)


def shielded(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Show what went wrong as a page, and log no word of the address that it was asked by."""

    @wraps(handler)
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except IdempotencyKeyReused:
            return notice(request, "sent_before", HTTPStatus.CONFLICT)
        except TryLater as error:
            return later(request, error.retry_after)
        except PyMongoError as error:
            log.warning("page_not_shown", error=type(error).__name__)
            return later(request, AWAY_SECONDS)

    return answer


def texts_in(form: FormData, name: str) -> list[str]:
    """Read all fields of a form of one name, sorted."""
    return sorted(it for it in form.getlist(name) if isinstance(it, str))


def later(request: Request, after: int) -> Response:
    """Say that nothing was done now, and that the same may work in so many seconds."""
    return notice(request, "later", HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": str(after)})


def notice(
    request: Request, key: str, status: int, *, headers: Mapping[str, str] | None = None, text: str = "", code: str = ""
) -> Response:
    """Show a page that says one thing: the text `KEY_title`, and `KEY_text` below it, or the given text instead."""
    language = shell.language_of(request, PAGE)
    return shell.page(PAGE, language, status=status, headers=headers, step="notice", key=key, text=text, code=code)
