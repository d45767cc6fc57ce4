"""Cohorts that nobody rings: for benches in which no journey runs."""


class Silence:
    """A bell that does not ring."""

    async def ring(self, cohort: str, /) -> None:
        """Do nothing."""
        del cohort
