"""What a product page shows of reviews: those that are approved, and how many stars they give."""

import asyncio
from datetime import datetime
from decimal import Decimal
from typing import Self

import strawberry

from hub.access.model import Scope
from hub.kit import pages
from hub.profiles import store as profiles
from hub.reviews import authors, model, store
from hub_api.connections import After, Before, Connection, First, Last
from hub_api.context import Info
from hub_api.needs import Needs


@strawberry.type
class ShownReview:
    """What somebody says of a product that they bought, as anybody may read it."""

    stars: int = strawberry.field(description="1 to 5.")
    title: str | None = strawberry.field(description="Its title.")
    text: str = strawberry.field(description="The text, as plain text.")
    language: str | None = strawberry.field(description="In which language, such as `de-AT`.")
    photos: int = strawberry.field(description="How many photos belong to it.")
    author: str | None = strawberry.field(
        description="`Augusta B.` where its author agreed to be named, else `A. B.`; none where no name is known."
    )
    at: datetime = strawberry.field(description="When this text was written.")

    @classmethod
    def of(cls, review: model.Review, author: str | None) -> Self:
        """Show a review."""
        said = review.said
        return cls(
            stars=said.stars,
            title=said.written.title,
            text=said.written.text,
            language=said.language,
            photos=said.written.photos,
            author=author,
            at=said.at,
        )


@strawberry.type
class StarCount:
    """How many reviews give so many stars."""

    stars: int = strawberry.field(description="1 to 5.")
    count: int = strawberry.field(description="How many.")


@strawberry.type
class Rating:
    """What the reviews of a product give on average."""

    average: Decimal | None = strawberry.field(description="In hundredths of a star; none where there is no review.")
    count: int = strawberry.field(description="How many reviews are shown.")
    by_stars: list[StarCount] = strawberry.field(description="How many give 5, 4, 3, 2 and 1 stars.")

    @classmethod
    def of(cls, rating: model.Rating) -> Self:
        """Show a rating."""
        counted = [StarCount(stars=stars, count=it) for stars, it in enumerate(rating.by_stars, start=1)]
        return cls(average=rating.average, count=rating.count, by_stars=counted[::-1])


@strawberry.type
class Reviewed:
    """What a product shows of its reviews."""

    product_id: str

    @strawberry.field(extensions=[Needs(Scope.COMMERCE_READ)])
    async def rating(self, info: Info) -> Rating:
        """How many stars its reviews give: exactly those that are shown now."""
        found = await info.context.loaders.one(store.ratings, self.product_id)
        return Rating.of(found or model.Rating((0,) * model.MOST_STARS))

    @strawberry.field(extensions=[Needs(Scope.COMMERCE_READ)])
    async def reviews(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[ShownReview]:
        """What customers who bought it say of it, newest first: those reviews that are approved."""
        loaders, wanted = info.context.loaders, pages.span(first, after, last, before)
        page = await loaders.page(store.shown, (self.product_id,), wanted)
        owners = {it.profile_id for _, it in page.rows}
        heads = dict(
            zip(owners, await asyncio.gather(*(loaders.one(profiles.heads, it) for it in owners)), strict=True)
        )

        def show(review: model.Review) -> ShownReview:
            head = heads[review.profile_id]
            return ShownReview.of(review, authors.name_of(review.said, head.traits) if head else None)

        return Connection.of(page, show)
