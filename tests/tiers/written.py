"""Programs with tiers, as these tests write them."""

from hub.programs import language
from hub.programs.model import Program
from tests.programs.written import FINCH

TIERS = """\
tiers:
  by: status
  lasts: {end_of: year, later: 1}
  grace: 30d
  down: one_step
  refund: at_end
  levels:
    - {tier: silver, from: 500, texts: {en: Silver, de: Silber}, perks: [free-shipping]}
    - {tier: gold, from: 1500, texts: {en: Gold, de: Gold}, perks: [early-access]}
    - {tier: ruby, from: 5000, texts: {en: Ruby, de: Rubin}, perks: [lounge]}
"""
TIERED = FINCH + TIERS
"""Three tiers by status points of a calendar year, which stay for the year after it."""


def read(*changes: tuple[str, str]) -> Program:
    """Read it, with texts replaced by others."""
    source = TIERED
    for was, now in changes:
        assert was in source
        source = source.replace(was, now)
    return language.read(source, None)
