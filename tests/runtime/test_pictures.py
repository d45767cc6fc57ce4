"""The repository's own e-mails in a real browser: on a phone and on a desk nobody has to scroll sideways."""

import pytest

from hub.profiles.model import Channel
from hub.wording import built_in, samples, templates
from hub.wording.templates import Template, template_of
from runtime import liquid_files, pictures
from runtime.demo import opening

PHONE, DESK = 390, 1200
BUILT_IN = [built_in.CONFIRM_CONSENT, built_in.ORDER_READY_FOR_PICKUP, built_in.SIGN_IN]
DEMO = liquid_files.folders_in(opening.JOURNEY.parent / "templates")
WIDE = '<mjml><mj-body width="900px"><mj-raw><div style="width: 900px">wide</div></mj-raw></mj-body></mjml>'

pytestmark = pytest.mark.skipif(pictures.chromium() is None, reason="there is no Chromium on this machine")


def ours() -> list[Template]:
    brought = [it for name in BUILT_IN if (it := built_in.template(name))]
    return [*brought, *(template_of(it.name, liquid_files.files_of(it)) for it in DEMO)]


def html(template: Template, language: str) -> str:
    alone = Template(template.name, {language: template.languages[language]})
    context = samples.somebody("Checkout Started")
    made = templates.render(alone, Channel.EMAIL, language=language, context=context).html
    assert made is not None
    return made


def test_no_mail_of_ours_is_scrolled_sideways_on_a_phone_or_on_a_desk() -> None:
    mails = [(it.name, language, html(it, language)) for it in ours() for language in it.languages]

    measured = pictures.measure([(made, width) for _, _, made in mails for width in (PHONE, DESK)])

    assert len(mails) == 12
    assert [width for width, _ in measured] == [PHONE, DESK] * len(mails)
    assert all(150 < height < 1200 for _, height in measured), measured


def test_a_mail_that_is_too_wide_for_a_phone_is_seen() -> None:
    wide = template_of("wide", {"en/subject": "S", "en/body.mjml": WIDE})

    ((width, _),) = pictures.measure([(html(wide, "en"), PHONE)])

    assert width == 900
