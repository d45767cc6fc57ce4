"""What is live on a surface."""

from dataclasses import dataclass

from hub.messaging.surfaces import Surface


@dataclass(frozen=True, slots=True)
class LiveMessage:
    """Something that customers may be told on a surface as of now.

    Of a journey's message there are the journey, its version and the step, of a broadcast's its name; of what the hub
    sends of its own accord there is the template only.
    """

    surface: Surface
    template: str
    brand: str
    topic: str
    journey: str | None = None
    version: int | None = None
    step: str | None = None
    broadcast: str | None = None
