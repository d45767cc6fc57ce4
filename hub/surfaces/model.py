"""What is live on a surface."""

from dataclasses import dataclass

from hub.messaging.surfaces import Surface


@dataclass(frozen=True, slots=True)
class LiveMessage:
    """Something that customers may be told on a surface as of now.

    Of a journey's message there are the journey, its version and the step, of a broadcast's its name; of what the hub
    sends of its own accord there is the template only. What is shown and not sent is told by the name of the `content`
    and its version.
    """

    surface: Surface
    template: str | None = None
    brand: str | None = None
    topic: str | None = None
    journey: str | None = None
    version: int | None = None
    step: str | None = None
    broadcast: str | None = None
    content: str | None = None
