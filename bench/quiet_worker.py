"""The hub's worker, with senders that accept everything and do nothing: what is measured is the hub.

`python -m bench.quiet_worker`, with the environment of `hub worker`.
"""

import uvloop

from hub.messaging.ports import Accepted, Outgoing, Senders
from runtime import configuration, processes


class NullSender:
    """Accepts at once."""

    name = "null"
    at_once = 100

    async def send(self, _message: Outgoing, /) -> Accepted:
        """Accept."""
        return Accepted()


def main() -> None:
    """Be the worker."""
    null = NullSender()
    uvloop.run(processes.worker(configuration.read_settings(), Senders(email=null, push=null, sms=null)))


if __name__ == "__main__":
    main()
