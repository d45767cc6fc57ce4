"""`/m/r/T`: a customer who has scanned a poster in a store and signed in chooses a reward, and shows its code.

It needs no app and no JavaScript. Who is here has just signed in in this browser; the address is theirs for an hour.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.commerce import posters_store
from hub.commerce.posters import Poster, PosterRefused, Purpose
from hub.kit import ids
from hub.kit.errors import HubError
from hub.kit.languages import by_nearness
from hub.kit.pages import Span
from hub.profiles.links import Links
from hub.rewards import service as rewards
from hub.rewards import standing
from hub.rewards.model import Reward
from hub.rewards.offering import Offered
from hub.settings import Settings
from hub.vouchers import codes, listing, pictures, redeeming
from hub.vouchers.codes import Codes
from hub.vouchers.listing import Shown
from hub.vouchers.model import NoSuchVoucher, RewardUnavailable, VoucherRefused, VoucherState
from hub.vouchers.redeeming import Wish
from integrations.pages import shell, visit
from integrations.pages.shell import text_in
from integrations.pages.visit import Visit, shielded

PAGE: Final = "redeem"
MOST_VOUCHERS: Final = 20
"""How many of somebody's last vouchers are looked at: those that can be used are shown."""


def routes(settings: Settings, clock: Callable[[], datetime]) -> list[Route]:
    """List the route of redeeming."""
    pages = _Page(settings, clock)
    return [
        Route("/m/r/{token}", shielded(pages.show), methods=["GET"]),
        Route("/m/r/{token}", shielded(pages.act), methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class _Here:
    """Somebody in front of a poster."""

    visit: Visit
    poster: Poster

    @property
    def language(self) -> str:
        """The language of their page."""
        return by_nearness(shell.texts(PAGE), self.visit.profile.language)[0]


class _Page:
    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._links, self._hidden, self._clock = Links(settings), Codes(settings), clock

    async def show(self, request: Request) -> Response:
        """Show the vouchers that can be used, and the rewards; change nothing."""
        here = await self._here(request)
        return visit.gone(request) if here is None else await self._page(here)

    async def act(self, request: Request) -> Response:
        """Redeem a reward, or give a voucher back, as the form says."""
        here = await self._here(request)
        if here is None:
            return visit.gone(request)
        async with request.form() as form:
            field = text_in(form, "form")
            said = {name: text_in(form, name) for name in ("reward", "voucher")}
        key = self._links.key_of_form(field, request.path_params["token"], now=self._clock())
        if key is None:
            return await self._page(here, refused="TOO_OLD", status=HTTPStatus.BAD_REQUEST)
        try:
            do = self._cancel if said["voucher"] else self._redeem
            await here.visit.do(lambda: do(here, said, key), key=str(key), form=said)
        except (RewardUnavailable, VoucherRefused) as error:
            why = error.reasons[0].value if isinstance(error, RewardUnavailable) else error.code
            return await self._page(here, refused=why, status=HTTPStatus.CONFLICT)
        except HubError as error:
            if error.code != "NOT_FOUND":
                raise
            return await self._page(here, refused="NOT_FOUND", status=HTTPStatus.NOT_FOUND)
        return here.visit.back("given-back" if said["voucher"] else "redeemed")

    async def _here(self, request: Request) -> _Here | None:
        opened = self._links.rewards_of(request.path_params["token"], now=self._clock())
        if opened is None:
            return None
        profile_id, code = opened
        visitor = await visit.begun(request, profile_id, self._clock)
        try:
            poster = (await posters_store.load(code)).check(Purpose.REDEEM, now=self._clock())
        except PosterRefused:
            return None
        return _Here(visitor, poster) if visitor else None

    async def _redeem(self, here: _Here, said: dict[str, str], key: UUID) -> Done:
        wish = Wish(said["reward"], ids.key_of("redeem page", key), shop=here.poster.about.store_id)
        voucher = await redeeming.redeem(here.visit.profile, wish, self._hidden, now=self._clock())
        after = {"reward": voucher.reward.id, "voucher": str(voucher.id)}
        return Done({}, Change("redeem reward", str(here.visit.profile.id), None, after))

    async def _cancel(self, here: _Here, said: dict[str, str], key: UUID) -> Done:
        del key
        mine = {str(it.voucher.id): it.voucher for it in await self._vouchers(here)}
        if said["voucher"] not in mine:
            raise NoSuchVoucher
        await redeeming.cancel(mine[said["voucher"]].id, now=self._clock())
        return Done({}, Change("cancel voucher", str(here.visit.profile.id), None, {"voucher": said["voucher"]}))

    async def _vouchers(self, here: _Here) -> list[Shown]:
        own = here.visit.profile.own_ids
        page = (await listing.pages([own], Span(MOST_VOUCHERS))).get(own)
        return [it.at(self._clock()) for _, it in page.rows] if page else []

    async def _page(self, here: _Here, *, refused: str = "", status: int = HTTPStatus.OK) -> Response:
        request, now, language = here.visit.request, self._clock(), here.language
        usable = [it for it in await self._vouchers(here) if it.state in {VoucherState.ISSUED, VoucherState.RESERVED}]
        program = here.poster.about.program
        offered = await rewards.offered(here.visit.profile, shop=here.poster.about.store_id, now=now)
        mine = [it for it in offered if it.reward.cost is None or it.reward.cost.program == program]
        wallets = await _wallets(here, [it.reward for it in mine], now)
        return shell.page(
            PAGE,
            language,
            status=status,
            step="choose",
            refused=refused,
            form=lambda: self._links.form(ids.new_id(), request.path_params["token"], now=now),
            points=wallets,
            vouchers=[_voucher(it, language) for it in usable],
            rewards=[_reward(it, language) for it in mine],
        )


async def _wallets(here: _Here, offered: list[Reward], now: datetime) -> list[int]:
    """Tell what can be spent of each wallet that these rewards cost."""
    found = await standing.of(here.visit.profile, offered, now=now)
    purses = sorted({it.cost.purse for it in offered if it.cost})
    return [found.points.get(it, 0) for it in purses]


def _voucher(shown: Shown, language: str) -> dict[str, Any]:
    voucher = shown.voucher
    return {
        "id": str(voucher.id),
        "label": shown.reward.label_in(language),
        "text": codes.shown(voucher.code),
        "qr": pictures.qr(voucher.code),
        "barcode": pictures.code128(voucher.code),
        "until": f"{voucher.expires_at:%Y-%m-%d}",
        "reserved": shown.state is VoucherState.RESERVED,
    }


def _reward(offered: Offered, language: str) -> dict[str, Any]:
    reward = offered.reward
    return {
        "name": reward.name,
        "label": reward.label_in(language),
        "points": reward.cost.points if reward.cost else 0,
        "missing": offered.missing,
        "reasons": [it.value for it in offered.reasons],
    }
