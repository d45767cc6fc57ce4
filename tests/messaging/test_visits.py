"""Who has followed a link or opened a message: a person, or a machine."""

from datetime import timedelta

import pytest

from hub.messaging import visits
from hub.messaging.visits import OPENING, Sign, Visit
from tests.messaging.posting import NOON

SECOND = timedelta(seconds=1)
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"


def visit(link: int, seconds: float, sign: Sign = Sign.PERSON) -> Visit:
    return Visit(link, NOON + seconds * SECOND, sign)


def found(*visited: Visit) -> list[tuple[int, float]]:
    return [(it.link, (it.at - NOON) / SECOND) for it in visits.of_persons(visited, sent_at=NOON)]


@pytest.mark.parametrize(
    ("headers", "sign"),
    [
        ({"user-agent": SAFARI}, Sign.PERSON),
        ({"user-agent": "Mozilla/5.0 (via ggpht.com GoogleImageProxy)"}, Sign.PERSON),
        ({"user-agent": "Mozilla/5.0"}, Sign.PROXY),
        ({}, Sign.MACHINE),
        ({"user-agent": " "}, Sign.MACHINE),
        ({"user-agent": "Mozilla/5.0 (compatible; bingbot/2.0)"}, Sign.MACHINE),
        ({"user-agent": "python-requests/2.31"}, Sign.MACHINE),
        ({"user-agent": "BarracudaCentral"}, Sign.MACHINE),
        ({"user-agent": SAFARI, "purpose": "prefetch"}, Sign.AHEAD),
        ({"user-agent": SAFARI, "sec-purpose": "prefetch;prerender"}, Sign.AHEAD),
        ({"user-agent": SAFARI, "x-purpose": "preview"}, Sign.AHEAD),
    ],
)
def test_a_request_says_who_may_have_sent_it(headers: dict[str, str], sign: Sign) -> None:
    assert visits.sign_of(headers) is sign


def test_of_every_link_and_of_the_picture_the_first_visit_of_a_person_counts() -> None:
    assert found(visit(2, 90), visit(OPENING, 50), visit(2, 60), visit(OPENING, 70)) == [(OPENING, 50), (2, 60)]


@pytest.mark.parametrize("sign", [Sign.AHEAD, Sign.PROXY, Sign.MACHINE])
def test_a_machine_counts_never_and_a_person_after_it_does(sign: Sign) -> None:
    assert found(visit(OPENING, 10, sign), visit(1, 20, sign)) == []
    assert found(visit(OPENING, 10, sign), visit(OPENING, 99)) == [(OPENING, 99)]


def test_nobody_reads_a_mail_within_two_seconds() -> None:
    assert found(visit(OPENING, 1.9), visit(1, 1.9)) == []
    assert found(visit(OPENING, 2), visit(1, 2.5)) == [(OPENING, 2), (1, 2.5)]
    assert len(visits.of_persons([visit(1, 0.5)], sent_at=None)) == 1


def test_three_links_within_ten_seconds_are_followed_by_a_machine_whoever_it_says_it_is() -> None:
    assert found(visit(1, 60), visit(2, 65), visit(3, 70)) == []
    assert found(visit(1, 60), visit(2, 65), visit(3, 70.1)) == [(1, 60), (2, 65), (3, 70.1)]
    assert found(visit(1, 60), visit(1, 61), visit(2, 62), visit(2, 63)) == [(1, 60), (2, 62)]


def test_a_person_who_comes_after_a_scanner_counts() -> None:
    scanner = [visit(1, 60), visit(2, 60.1), visit(3, 60.2), visit(OPENING, 60)]

    assert found(*scanner, visit(2, 3_600)) == [(OPENING, 60), (2, 3_600)]
