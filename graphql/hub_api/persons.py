"""Whose data an answer shows. What staff see of a person leaves an entry in the audit, one for each request.

An object that says something of a person has a `profile_id`; every field that loads one names its scope by `Needs`,
which asks here. So nobody who adds a type or a field has to remember the audit.
"""

from collections.abc import Iterable, Iterator
from uuid import UUID

from hub_api.connections import Connection


def persons_in(found: object) -> Iterator[UUID]:
    """List the profiles of what a field gives or belongs to: an object, a list or a page of them, or none.

    Of what a mutation answers with, its `…Payload`, they are those of its parts.
    """
    if type(found).__name__.endswith("Payload"):
        found = vars(found).values()
    if isinstance(found, Connection):
        found = found.nodes
    if isinstance(found, Iterable) and not isinstance(found, str):
        for each in found:
            yield from persons_in(each)
    elif isinstance(profile_id := getattr(found, "profile_id", None), UUID):
        yield profile_id
