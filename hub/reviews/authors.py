"""Authors: what is shown of who wrote a review. A name only by consent, and never a whole one."""

from hub.events.model import Properties
from hub.reviews.model import Said


def name_of(said: Said, traits: Properties) -> str | None:
    """Say who wrote a review: `Augusta B.` where they agreed to be named, else `A. B.`; None where no name is known.

    Args:
        said: what they wrote, and whether they agreed.
        traits: what is known of them now.
    """
    first, last = _word(traits.get("firstName")), _word(traits.get("lastName"))
    if not first and not last:
        words = _word(traits.get("name")).split()
        first, last = (words[0], words[-1] if len(words) > 1 else "") if words else ("", "")
    shown = first if said.show_name and first else _initial(first)
    return " ".join(it for it in (shown, _initial(last)) if it) or None


def _word(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _initial(word: str) -> str:
    return f"{word[0].upper()}." if word else ""
