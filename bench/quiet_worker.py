"""The hub's worker, with senders that accept everything and do nothing: what is measured is the hub.

`python -m bench.quiet_worker`, with the environment of `hub worker`.
"""

import uvloop

from hub.messaging.dispatch import BATCH
from hub.messaging.ports import Accepted, Outgoing, Senders
from runtime import configuration, processes


class NullSender:
    """Accepts at once, each message under an id of its own, as providers do.

    It takes whole batches, so that the hub claims and settles in bulks of the size in which the baselines write.
    """

    name = "null"
    at_once = BATCH

    async def send(self, message: Outgoing, /) -> Accepted:
        """Accept."""
        return Accepted(message.key.hex)


def main() -> None:
    """Be the worker."""
    null = NullSender()
    uvloop.run(processes.worker(configuration.read_settings(), Senders(email=null, push=null, sms=null)))


if __name__ == "__main__":
    main()
