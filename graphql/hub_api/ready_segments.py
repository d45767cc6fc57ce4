"""The ready segments, to be published by `publishSegment`."""

from typing import Self

import strawberry

from hub.access.model import Scope
from hub.segments import ready
from hub_api.needs import Needs


@strawberry.type
class ReadySegment:
    """A segment that comes with the hub. It is not live by itself: publish its `source`, or change it first."""

    name: str = strawberry.field(description="Its name.")
    description: str = strawberry.field(description="Whom it picks, in one sentence.")
    rule: str = strawberry.field(description="Its rule in one line.")
    source: str = strawberry.field(description="The document, for `publishSegment`.")
    published: bool = strawberry.field(description="Whether a segment of this name is live, perhaps another version.")

    @classmethod
    def of(cls, one: ready.Ready, *, published: bool) -> Self:
        """Show one."""
        return cls(
            name=one.name,
            description=one.description,
            rule=one.written,
            source=one.source,
            published=published,
        )


@strawberry.type
class ReadySegmentQueries:
    """What comes with the hub."""

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def ready_segments(self) -> list[ReadySegment]:
        """The segments that come with the hub, by name."""
        live = await ready.published()
        return [ReadySegment.of(it, published=it.name in live) for it in ready.shipped()]
