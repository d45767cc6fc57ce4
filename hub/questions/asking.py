"""What rules may ask of answers, `profile.answers.matters-most.value`: of each published question, what it can hold."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from hub.conditions import catalogue
from hub.conditions.kinds import Choice, Kind, Names, Shape
from hub.questions import store
from hub.questions.model import Question


def shape_of(versions: Iterable[Question]) -> Names:
    """Say what answers to these questions look like, whichever version was answered. There are no others."""
    by_name: defaultdict[str, list[Question]] = defaultdict(list)
    for question in versions:
        by_name[question.name].append(question)
    return Names({name: Names({**catalogue.ANSWER.known, "value": _value(it)}) for name, it in by_name.items()})


async def current() -> Names:
    """Say what the answers to all published questions look like."""
    return shape_of(await store.versions())


def _value(versions: Collection[Question]) -> Shape:
    takes_several = {it.several for it in versions}
    if takes_several == {True}:
        return Kind.LIST
    if takes_several == {False}:
        return Choice(tuple(dict.fromkeys(answer.name for it in versions for answer in it.answers)))
    return Kind.TEXT  # in some versions a list: `contains` asks for both
