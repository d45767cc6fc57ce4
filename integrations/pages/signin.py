"""`/m/s`: a customer signs in by an address, a code or the link `/m/s/T`, and is taken to their preferences.

The browser that asks is known by a cookie, which stands for the secret of an app's device: a link that is opened
elsewhere, or by a scanner, signs nobody in.
"""

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hub.access import idempotency, signin
from hub.access.allowance import Asker, network_of
from hub.access.audit import Change
from hub.access.idempotency import BadKey, Done
from hub.access.model import NOBODY
from hub.access.names import Names
from hub.access.signin import BadAddress, Expired, OtherDevice, SignIns, WrongCode
from hub.kit import ids
from hub.kit.errors import HubError, TryLater
from hub.kit.languages import LAST_RESORT
from hub.messaging import signing_in
from hub.messaging.signing_in import Proof, Wish
from hub.profiles.links import Links
from hub.profiles.model import IdentifierKind
from hub.settings import Settings
from integrations.pages import arriving, shell
from integrations.pages.browser import DEVICE_COOKIE, PATH, POSTER_COOKIE, keep, known
from integrations.pages.shell import text_in
from integrations.pages.visit import shielded

_PAGE: Final = "signin"
_STATUS: Final[Mapping[str, HTTPStatus]] = {
    "ALREADY_USED": HTTPStatus.GONE,
    "CONFLICT": HTTPStatus.CONFLICT,
    "DISABLED": HTTPStatus.GONE,
    "EXPIRED": HTTPStatus.GONE,
    "OTHER_DEVICE": HTTPStatus.FORBIDDEN,
    "RATE_LIMITED": HTTPStatus.TOO_MANY_REQUESTS,
    "TOO_MANY_TRIES": HTTPStatus.TOO_MANY_REQUESTS,
}


def routes(settings: Settings, clock: Callable[[], datetime]) -> list[Route]:
    """List the routes of signing in."""
    pages = _Pages(settings, clock)
    return [
        Route("/m/s", shielded(pages.form), methods=["GET"]),
        Route("/m/s", shielded(pages.ask), methods=["POST"]),
        Route("/m/s/code", shielded(pages.by_code), methods=["POST"]),
        Route("/m/s/{token}", shielded(pages.link), methods=["GET"]),
        Route("/m/s/{token}", shielded(pages.by_link), methods=["POST"]),
    ]


class _Pages:
    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._settings, self._clock = settings, clock
        self._sign_ins, self._links, self._names = SignIns(settings), Links(settings), Names(settings)

    async def form(self, request: Request) -> Response:
        """Ask for an address, and let the browser have a secret of its own."""
        return known(_shown(request, "ask"), request, self._settings)

    async def ask(self, request: Request) -> Response:
        """Send the code, and ask for it."""
        given = await request.form()
        address = text_in(given, "address").strip()
        kind = IdentifierKind.EMAIL if "@" in address else IdentifierKind.PHONE
        try:
            wish = Wish(kind, address, _device_of(request), shell.language_of(request, _PAGE))
            asker = Asker("page", network_of(request.client.host if request.client else None))

            async def do() -> Done:
                asked = await signing_in.ask(wish, asker, self._names, cause=_cause(given), now=self._clock())
                return Done({"id": str(asked.id)}, Change("request sign-in", str(asked.id)))

            answer = await self._once(request, given, wish, do)
        except HubError as error:
            step = "ask" if isinstance(error, BadAddress | BadKey | TryLater) else "over"
            return _refused(request, error, step, poster=text_in(given, "poster"))
        response = _shown(request, "code", sign_in=answer["id"])
        if poster := text_in(given, "poster"):
            keep(response, self._settings, POSTER_COOKIE, poster, lasts=signin.LASTS)
        else:
            response.delete_cookie(POSTER_COOKIE, path=PATH)
        return response

    async def by_code(self, request: Request) -> Response:
        """Sign in by a code that was typed."""
        given = await request.form()
        try:
            sign_in = UUID(text_in(given, "sign_in"))
        except ValueError:
            return _refused(request, Expired(), "over")
        try:
            return await self._signed_in(request, given, Proof(sign_in, _device_of(request), text_in(given, "code")))
        except HubError as error:
            step = "code" if isinstance(error, WrongCode | BadKey) else "over"
            return _refused(request, error, step, sign_in=str(sign_in))

    async def link(self, request: Request) -> Response:
        """Show what the link is for. Scanners of mail fetch it: nothing happens."""
        try:
            device = signin.device_hash(_device_of(request))
            await signing_in.judge(self._challenge_of(request), device, now=self._clock())
        except HubError as error:
            return _refused(request, error, "over")
        return _shown(request, "link")

    async def by_link(self, request: Request) -> Response:
        """Sign in by the link."""
        given = await request.form()
        try:
            proof = Proof(self._challenge_of(request), _device_of(request))
            return await self._signed_in(request, given, proof)
        except HubError as error:
            return _refused(request, error, "link" if isinstance(error, BadKey) else "over")

    def _challenge_of(self, request: Request) -> UUID:
        challenge_id = self._sign_ins.challenge_of(request.path_params["token"], now=self._clock())
        if challenge_id is None:
            raise Expired
        return challenge_id

    async def _signed_in(self, request: Request, given: FormData, proof: Proof) -> Response:
        poster = request.cookies.get(POSTER_COOKIE)

        async def do() -> Done:
            cause, now = _cause(given), self._clock()
            joining = await arriving.joining_by(poster, now=now) if poster else None  # before a code is used up
            used = await signing_in.complete(proof, self._sign_ins, self._names, cause=cause, now=now)
            joined = await arriving.join(used.profile_id, joining, cause=cause, now=now) if joining else {}
            after = {"sign_in": used.id, **joined}
            led = {} if joining or not poster else {"redeems": poster}
            return Done({"id": str(used.id), **joined, **led}, Change("sign in", str(used.profile_id), None, after))

        answer = await self._once(request, given, proof, do)
        session = await signing_in.session(UUID(answer["id"]), self._settings, now=self._clock())
        if "redeems" in answer:
            rewards = urlsplit(self._links.rewards(session.profile_id, answer["redeems"], now=self._clock())).path
            response: Response = RedirectResponse(rewards, HTTPStatus.SEE_OTHER, headers=shell.HEADERS)
            response.delete_cookie(POSTER_COOKIE, path=PATH)
            return response
        preferences = urlsplit(self._links.preferences(session.profile_id, now=self._clock())).path
        if "program" not in answer:
            return RedirectResponse(preferences, HTTPStatus.SEE_OTHER, headers=shell.HEADERS)
        response = await arriving.welcome(request, session.profile_id, answer, preferences, now=self._clock())
        response.delete_cookie(POSTER_COOKIE, path=PATH)
        return response

    async def _once(self, request: Request, given: FormData, said: object, do: idempotency.Do) -> Mapping[str, Any]:
        return await idempotency.once(
            NOBODY,
            f"POST {request.scope['route'].path}",
            text_in(given, "key"),
            said,
            do,
            clock=self._clock,
            request_id=request.state.request_id,
        )


def _shown(request: Request, step: str, **values: Any) -> Response:
    # A form that is sent twice acts once: it carries the key of its request.
    given = {"step": step, "key": uuid.uuid4().hex, "refused": "", "poster": "", **values}
    return shell.page(_PAGE, shell.language_of(request, _PAGE), **given)


def _refused(request: Request, error: HubError, step: str, **values: Any) -> Response:
    """Show why it did not work, and the form again where that helps."""
    # Both are bad input; a form without its key says so of itself, and nothing of the address.
    why = "BAD_KEY" if isinstance(error, BadKey) else error.code
    if why not in shell.texts(_PAGE)[LAST_RESORT]["refused"]:
        raise error
    response = _shown(request, step, refused=why, status=_STATUS.get(error.code, 422), **values)
    if isinstance(error, TryLater):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _device_of(request: Request) -> str:
    """Give the secret of the browser.

    Raises:
        OtherDevice: it has none: nobody has asked here, or its cookies are switched off.
    """
    secret = request.cookies.get(DEVICE_COOKIE, "")
    if not signin.SHORTEST_DEVICE <= len(secret) <= signin.LONGEST_DEVICE:
        raise OtherDevice
    return secret


def _cause(given: FormData) -> UUID:
    return ids.key_of("sign-in page", text_in(given, "key"))
