"""Tokens of links lead where they were signed to lead, and nowhere else, however they are changed."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from hub.kit.signing import Signer
from hub.messaging.model import Message
from hub.messaging.tracking import LASTS, Click, Tracking
from hub.profiles.links import Links
from hub.settings import Settings
from hub.wording.linking import is_web_address
from hub.wording.templates import Rendered
from tests.messaging.posting import NOON, message

SHOP = "https://shop.example/sale"
PUBLIC = "http://127.0.0.1:8000"


@pytest.fixture
def tracking(settings: Settings) -> Tracking:
    return Tracking(settings)


def token_of(address: str) -> str:
    return urlsplit(address).path.rpartition("/")[2]


def sale(**changed: object) -> Message:
    return replace(message(uuid4(), template="sale", journey=None), **changed)  # type: ignore[arg-type]


def hrefs(html: str) -> list[str]:
    return [part.partition('"')[0] for part in html.split('href="')[1:]]


@given(
    target=st.one_of(
        st.just(SHOP), st.text(max_size=60).map(lambda it: f"https://a.example/{it}"), st.text(max_size=60)
    ),
    link=st.integers(1, 65_535),
)
@hypothesis(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_token_leads_to_what_was_signed_if_that_is_on_the_web(tracking: Tracking, target: str, link: int) -> None:
    click = Click(uuid4(), link, target)

    read = tracking.clicked(token_of(tracking.click(click, now=NOON)), now=NOON)

    assert read == (click if is_web_address(target) else None)


@given(data=st.data())
@hypothesis(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_a_token_that_was_changed_or_made_up_leads_nowhere(tracking: Tracking, data: st.DataObject) -> None:
    token = token_of(tracking.click(Click(uuid4(), 1, SHOP), now=NOON))
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(codec="ascii"))
    changed = data.draw(st.sampled_from([token[:place] + other + token[place + 1 :], token[:place], token + other]))
    made_up = data.draw(st.text(max_size=200))

    assert changed == token or tracking.clicked(changed, now=NOON) is None
    assert tracking.clicked(made_up, now=NOON) is None


def test_a_token_of_another_purpose_or_secret_leads_nowhere(tracking: Tracking, settings: Settings) -> None:
    content = uuid4().bytes + b"\0\1" + SHOP.encode()
    secret = settings.secret_key.get_secret_value()
    until = NOON + LASTS

    assert tracking.clicked(Signer([secret]).token("click", content, until=until), now=NOON)
    assert tracking.clicked(Signer([secret]).token("open", content, until=until), now=NOON) is None
    assert tracking.clicked(Signer(["x" * 40]).token("click", content, until=until), now=NOON) is None
    assert tracking.clicked(token_of(Links(settings).preferences(uuid4(), now=NOON)), now=NOON) is None


def test_a_link_leads_on_for_two_years(tracking: Tracking) -> None:
    token = token_of(tracking.click(Click(uuid4(), 1, SHOP), now=NOON))

    assert tracking.clicked(token, now=NOON + LASTS - timedelta(seconds=1))
    assert tracking.clicked(token, now=NOON + LASTS) is None


def test_the_same_target_has_the_same_number_in_html_and_text_and_the_hubs_own_links_stay(tracking: Tracking) -> None:
    own = f"{PUBLIC}/m/u/T"
    html = f'<body><a href="{SHOP}">1</a><a href="https://b.example">2</a><a href="{own}">3</a></body>'
    rendered = Rendered("Sale", f"{SHOP}\nhttps://c.example\n{own}", html=html)
    one = sale()

    tracked = tracking.tracked(rendered, one, now=NOON)

    assert tracked.html is not None
    clicks = [tracking.clicked(token_of(it), now=NOON) for it in hrefs(tracked.html)[:2]]
    assert clicks == [Click(one.id, 1, SHOP), Click(one.id, 2, "https://b.example")]
    assert hrefs(tracked.html)[2] == own
    first, second, last = tracked.text.splitlines()
    assert tracking.clicked(token_of(first), now=NOON) == Click(one.id, 1, SHOP)
    assert tracking.clicked(token_of(second), now=NOON) == Click(one.id, 3, "https://c.example")
    assert last == own
    picture = tracked.html.partition('src="')[2].partition('"')[0]
    assert picture.startswith(f"{PUBLIC}/m/o/")
    assert tracking.opened(token_of(picture), now=NOON) == one.id


def test_what_is_not_to_be_counted_leaves_the_mail_as_it_was(settings: Settings) -> None:
    off = Tracking(settings.model_copy(update={"track_clicks": False, "track_opens": False}))
    rendered = Rendered("Sale", SHOP, html=f'<a href="{SHOP}">1</a>')

    assert off.tracked(rendered, sale(), now=NOON) == rendered


@pytest.mark.parametrize(
    ("changed", "campaign"), [({"journey": "cart"}, "cart"), ({"campaign": "Winter sale"}, "Winter%20sale")]
)
def test_campaign_parameters_say_which_message_it_was(
    settings: Settings, changed: dict[str, str], campaign: str
) -> None:
    on = Tracking(settings.model_copy(update={"track_clicks": False, "campaign_parameters": True}))

    tracked = on.tracked(Rendered("Sale", SHOP), sale(**changed), now=NOON)

    assert tracked.text == f"{SHOP}?utm_source=default&utm_medium=email&utm_campaign={campaign}&utm_content=sale"
