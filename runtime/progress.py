"""Tells a person at stderr what is going on: live at a terminal, in plain lines elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Progress:
    """Where progress goes. stdout stays free for what was asked for."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, markup=False, emoji=False)

    def say(self, line: str) -> None:
        """Write one line."""
        self._console.print(line, soft_wrap=True)

    @contextmanager
    def step(self, doing: str) -> Iterator[None]:
        """Say what is being done; a terminal shows that it is still going on."""
        if not self._console.is_terminal:
            self.say(doing)
            yield
            return
        with self._console.status(doing):
            yield
        self.say(doing)
