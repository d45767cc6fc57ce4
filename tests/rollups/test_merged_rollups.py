"""Merging adds up what two profiles have counted; what cannot be added is counted anew."""

from dataclasses import replace

from hub.events.model import Event
from hub.kit import ids
from hub.profiles.model import Profile
from hub.rollups import counting, preferring, rules, service
from hub.rollups.catalogue import Catalogue
from tests.rollups.stage import NOON, SPEND, VISITS, catalogue, event, order

DEFINED = catalogue(SPEND, *service.shipped())


def person(*events: Event, defined: Catalogue = DEFINED) -> Profile:
    profile = rules.begun(Profile(id=ids.new_id(), rollups={"orders": {"count": 7}}), defined)
    for it in events:
        profile = rules.announced(rules.taken_in(profile, it, defined, now=NOON))
    return profile


def test_of_two_who_are_merged_everything_counts_as_if_they_had_always_been_one() -> None:
    ada = [order(1, days_ago=200, store_id="a"), order(2, days_ago=3, store_id="a")]
    bob = [order(4, days_ago=2, store_id="b"), event("Store Visited", days_ago=1, store_id="b")]

    both = rules.merged(person(*ada), person(*bob), DEFINED, now=NOON)

    alone = person(*ada, *bob)
    assert both.rollups == alone.rollups
    assert (both.stage, both.next_change_at, both.edition) == ("active", alone.next_change_at, DEFINED.edition)
    assert both.life["cause"] == "definition"
    assert rules.unannounced(both) == []
    assert counting.total(both.rollups["spend"], 7, now=NOON).count == 2
    preferred = preferring.preferred(both.rollups["preferred-store"], now=NOON)
    assert preferred is not None
    assert preferred.value == "a"


def test_what_one_of_two_has_only_of_an_older_version_is_counted_anew() -> None:
    older = person(order(4), defined=catalogue(SPEND))
    newer = person(order(8), defined=catalogue(SPEND, VISITS))

    both = rules.merged(newer, older, catalogue(SPEND, VISITS), now=NOON)

    assert counting.total(both.rollups["spend"], None, now=NOON).count == 2
    assert "visits" not in both.rollups
    assert (both.edition, both.rollups["orders"]) == (0, {"count": 7})


def test_a_transition_that_is_not_announced_yet_survives_the_merge() -> None:
    bought = rules.taken_in(person(), order(1), DEFINED, now=NOON)

    both = rules.merged(bought, person(order(2)), DEFINED, now=NOON)

    assert [(it.from_, it.to) for it in rules.unannounced(both)] == [(None, "new")]
    assert both.next_change_at == NOON


def test_an_absorbed_profile_announces_what_it_has_left_and_is_not_due_any_more() -> None:
    absorbed = replace(rules.taken_in(person(), order(1), DEFINED, now=NOON), absorbed_by=ids.new_id())

    assert rules.passed(absorbed, DEFINED, now=NOON.replace(year=2030)) == absorbed
    assert rules.announced(absorbed).next_change_at is None


def test_whose_history_is_no_longer_what_it_was_is_counted_anew_and_keeps_what_others_count() -> None:
    profile = rules.anew(person(order(1)), DEFINED)

    assert (profile.rollups, profile.edition) == ({"orders": {"count": 7}}, 0)
