"""The back-fill: profiles that do not know the newest definitions are completed, batch by batch.

What they count follows from their own events, and in which segments they are from what they are.

Events go on being applied meanwhile, and none is lost or counted twice, whoever else fills or dies:

- What a profile has taken in at the revision that is read is what is stamped with its ids, and what it still names as
  counted. A name is taken away only after its event is stamped, so between both none is missing.
- What is taken in later raises the revision. Then this attempt is not saved, and the profile is still behind.
- What is taken in after the save finds states of the new version and counts itself. Before it, Apply leaves a state
  of another version alone.

Nothing is kept about how far it has come: the index of what is behind is the memory.
"""

import random
from datetime import datetime
from typing import Final

from hub.intake import standing
from hub.intake.standing import Defined
from hub.kit import ids
from hub.profiles import store as profiles_store
from hub.rollups import history, store
from hub.segments import store as segments_store

BATCH: Final = 100
_CHOICE: Final = 10 * BATCH


async def step(defined: Defined, *, now: datetime) -> int:
    """Complete one batch of profiles, and tell how many were taken up: none where all know what is defined."""
    behind = await store.behind(defined.rollups.edition, _CHOICE)
    behind = behind or await segments_store.behind(defined.segments.edition, _CHOICE)
    # Any of them: processes that fill at the same time should not all take the same ones.
    chosen = behind if len(behind) <= BATCH else random.sample(behind, BATCH)
    profiles = await profiles_store.load(chosen)
    taken_in = await history.of(profiles.values(), defined.rollups)
    filled = [standing.completed(it, taken_in[it.id], defined, now=now) for it in profiles.values()]
    await profiles_store.save(filled, token=ids.new_id())
    return len(behind)


async def progress(defined: Defined) -> tuple[int, int]:
    """Tell how many profiles know all that is defined, of how many."""
    counted, total = await store.progress(defined.rollups.edition)
    sorted_ = (await segments_store.progress(defined.segments.edition))[0] if defined.segments.edition else total
    return min(counted, sorted_), total
