"""Keywords: whether an SMS that somebody sent means STOP, START or HELP, whatever its case, punctuation or emoji.

A wrong STOP costs an advertisement, a missed one is an offence. So wordings are many, and politeness around them is
looked past; but they must be the whole message: "cancel my order" and "can't stop loving it" are none.
"""

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from itertools import groupby
from typing import Final

LONGEST: Final = 160
"""How much of a message is looked at. Nobody says STOP in more than one SMS."""


class Keyword(StrEnum):
    """What a message means to whoever sends to its number."""

    STOP = "stop"
    START = "start"
    HELP = "help"


WORDINGS: Final = {
    Keyword.STOP: (
        *("stop", "stop all", "end", "quit", "revoke", "opt out", "cancel", "unsubscribe", "remove", "remove me"),
        *("do not text me", "don't text me", "no more texts", "no more messages", "leave me alone", "arret"),
        *("stopp", "stoppen", "ende", "beenden", "abmelden", "abmeldung", "abbestellen", "austragen", "kündigen"),
        *("kuendigen", "widerruf", "widerrufen", "keine sms mehr", "keine nachrichten mehr", "schluss"),
    ),
    Keyword.START: ("start", "unstop", "subscribe", "opt in", "starten", "anmelden", "abonnieren"),
    Keyword.HELP: ("help", "info", "hilfe"),
}
"""In English, German, and what carriers in Canada ask for. YES is no START: it may answer anything."""

POLITE: Final = frozenset(
    {
        *("please", "pls", "plz", "now", "thanks", "thank", "you", "ok", "okay"),
        *("bitte", "danke", "jetzt", "sofort"),
    }
)
"""Words that say nothing beside any keyword."""

FILLERS: Final = POLITE | {
    *("me", "all", "these", "this", "the", "it", "texting", "texts", "text", "sending"),
    *("messages", "message", "messaging", "sms", "spam"),
    *("mir", "mich", "alle", "alles", "das", "die", "diese", "nachrichten", "nachricht", "zu"),
}
"""Words that say nothing beside a keyword of one word: `stop texting me`."""


def keyword_of(text: str) -> Keyword | None:
    """Tell what a message means, None where it means something else."""
    words = normalised(text[:LONGEST]).split()
    for nothing in (frozenset(), POLITE, FILLERS):
        told = (word for word, _ in groupby(it for it in words if it not in nothing))
        if keyword := _KNOWN.get(_squeezed(told)):
            return keyword
    return None


def normalised(text: str) -> str:
    """Bring a message into the form in which keywords are compared: lower case letters and digits, by single spaces.

    Punctuation inside a word is nothing (`don't`, `s.t.o.p`), and so are accents, emoji and what nobody sees.
    """
    spaced = re.sub(r"\s+", " ", unicodedata.normalize("NFKD", text).casefold())
    return " ".join("".join(it for it in spaced if it.isalnum() or it == " ").split())


def _squeezed(words: Iterable[str]) -> str:
    """Write words together, and a letter that is repeated once: `stopp`, `STOOOP`, `opt-out` and `opt out`."""
    return "".join(letter for letter, _ in groupby("".join(words)))


_KNOWN: Final = {
    _squeezed(normalised(wording).split()): keyword for keyword, wordings in WORDINGS.items() for wording in wordings
}
