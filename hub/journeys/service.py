"""Use cases of journeys: check and publish."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from hub.access.audit import Change
from hub.access.idempotency import IdempotencyKeyReused
from hub.access.model import Limited
from hub.journeys import language, store
from hub.journeys.definition import Definition, Send
from hub.journeys.model import Version
from hub.journeys.store import VersionDocument
from hub.kit import ids
from hub.segments import service as segments
from hub.wording.library import Library


@dataclass(frozen=True, slots=True)
class Published:
    """The version that people enter from now on; `new` is False where an earlier request had published the same.

    `brands` are those in whose name it sends.
    """

    version: Version
    new: bool
    brands: frozenset[str] = frozenset()

    @property
    def change(self) -> Change | None:
        """What the audit is told: nothing where nothing has changed."""
        number = self.version.number
        before = {"version": number - 1} if number > 1 else None
        change = Change("publish journey", self.version.journey, before, {"version": number}, self.brands)
        return change if self.new else None


async def publish(
    source: str,
    *,
    templates: Collection[str],
    by: str,
    key: str,
    now: datetime,
    brands: Collection[str] = (),
) -> Published:
    """Check a journey and let people enter it. Those in flight finish the version they began.

    Args:
        source: the document, YAML or JSON.
        templates: the names that its sends may use.
        by: who publishes, the scope of `key`.
        key: repeating it with the same document answers the same version and changes nothing.
        now: when it is published.
        brands: whose messages it may send, and the version before it too; of all, if none is named.

    Raises:
        Limited: it sends those of another brand.
        InvalidDefinition: with every problem of the document.
        IdempotencyKeyReused: the key came with another document before.
    """
    digest, key_id = store.digest_of(source), ids.key_of("publish", by, key)
    # Whoever is faster with this key or the next number: what stands under the key in the end is the answer.
    while (standing := await store.published_under(key_id)) is None:
        ways = await Library().ways_out()
        definition = language.read(source, templates=templates, known=await segments.rules(), ways=ways)
        journey = definition.name
        newest = await store.newest(journey)
        if brands:
            _check_brands(definition, brands)
            if newest is not None:
                _check_brands(language.read_published(newest.source), brands)
        if newest is not None and newest.digest == digest:
            await store.note_key(newest, key_id)
            continue
        version = Version(journey, newest.number + 1 if newest else 1)
        document = VersionDocument(
            id=version.id,
            journey=journey,
            number=version.number,
            source=source,
            digest=digest,
            published_at=now,
            published_by=by,
            keys=[key_id],
        )
        await store.insert(document)
    if standing.digest != digest:
        raise IdempotencyKeyReused
    # The version first, then the name that points to it: nobody enters what is not stored.
    await store.make_live(standing)
    sent = _brands_of(language.read_published(standing.source))
    return Published(standing.version, new=standing.keys[0] == key_id, brands=sent)


def _check_brands(definition: Definition, brands: Collection[str]) -> None:
    if not _brands_of(definition) <= set(brands):
        raise Limited


def _brands_of(definition: Definition) -> frozenset[str]:
    return frozenset(it.brand for it in definition.steps.values() if isinstance(it, Send))
