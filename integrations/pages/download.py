"""`/m/d/T`: the file with everything about one person, for whoever was given the link."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog
from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from hub.access import audit
from hub.access.audit import Actor, Change
from hub.database import AWAY_SECONDS
from hub.privacy import download
from hub.privacy.service import NobodyThere, Privacy
from hub.settings import Settings
from integrations.pages import visit

log = structlog.get_logger(__name__)

BY_LINK: Final = Actor("anonymous", "link")
"""Whoever has the link: which person that is, nobody can tell. Who made it stands in the entry of the export."""
FETCHED: Final = "fetch export"
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def routes(settings: Settings, privacy: Privacy, clock: Callable[[], datetime]) -> list[Route]:
    """List the one route."""

    async def fetch(request: Request) -> Response:
        now = clock()
        profile_id = download.profile_id_of(settings, request.path_params["token"], now=now)
        if profile_id is None:
            return visit.notice(request, "file_over", 404)
        try:
            file = await privacy.export(profile_id, now=now)
            # Told first: if it cannot be written that the file was fetched, it is not.
            fetched = Change(FETCHED, str(profile_id))
            await audit.record(BY_LINK, fetched, request_id=request.state.request_id, at=now)
        except NobodyThere:
            return visit.notice(request, "file_gone", 410)
        except PyMongoError as error:
            log.warning("export_not_shown", error=type(error).__name__)
            return visit.later(request, AWAY_SECONDS)
        disposition = f'attachment; filename="customer-{now:%Y-%m-%d}.json"'
        return StreamingResponse(
            file, media_type="application/json", headers={**_HEADERS, "Content-Disposition": disposition}
        )

    return [Route(f"{download.PATH}{{token}}", fetch)]
