"""The activity of the nights. It may be killed and begun again at any moment: what is done is no longer due."""

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from hub.tiers import nights
from workflows import attempt
from workflows.night.model import SPEND, Night, Spent

log = structlog.get_logger(__name__)


@activity.defn(name=SPEND)
async def spend(order: Night) -> Spent:
    """Do the nights that are due, and say how long none will be."""
    clock = attempt.clock(order.now)
    try:
        async with attempt.heartbeat():
            again = await nights.spend(now=clock())
    except Exception as error:
        # What is raised is written into the workflow's history, where no customer may be quoted.
        log.exception("nights_not_spent")
        raise ApplicationError(type(error).__name__, type=type(error).__name__) from None
    return Spent(max((again - clock()).total_seconds(), 1))
