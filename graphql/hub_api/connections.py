"""Relay connections over pages."""

from collections.abc import Callable
from typing import Annotated, Generic, Self, TypeAlias, TypeVar

import strawberry

from hub.kit.pages import Page

Node = TypeVar("Node")
Row = TypeVar("Row")

First: TypeAlias = Annotated[int | None, strawberry.argument(description="How many, from the beginning; at most 100.")]
After: TypeAlias = Annotated[str | None, strawberry.argument(description="Only what stands behind this cursor.")]
Last: TypeAlias = Annotated[int | None, strawberry.argument(description="How many, from the end; at most 100.")]
Before: TypeAlias = Annotated[str | None, strawberry.argument(description="Only what stands in front of this cursor.")]


@strawberry.type
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool = strawberry.field(description="Whether there is more behind this page.")
    has_previous_page: bool = strawberry.field(description="Whether there is more in front of this page.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first one on this page.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last one on this page.")


@strawberry.type
class Edge(Generic[Node]):
    """One place in a list."""

    cursor: str = strawberry.field(description="Continue here with `after` or `before`.")
    node: Node = strawberry.field(description="What stands there.")


@strawberry.type
class Connection(Generic[Node]):
    """A page of a list, newest first, with the way to the next one."""

    page_info: PageInfo = strawberry.field(description="Where this page stands in its list.")
    edges: list[Edge[Node]] = strawberry.field(description="The page with a cursor for each place.")
    nodes: list[Node] = strawberry.field(description="The page without cursors.")

    @classmethod
    def of(cls, page: Page[Row], make: Callable[[Row], Node]) -> Self:
        """Show a page, each row as `make` shows it."""
        edges = [Edge(cursor=place.cursor, node=make(row)) for place, row in page.rows]
        info = PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        )
        return cls(page_info=info, edges=edges, nodes=[edge.node for edge in edges])
