"""Forms of e-mail addresses: judged in two parts where that is safe, and never otherwise than as a whole."""

from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from hub.profiles import addresses

NAMES = st.text("abzAZ09_+-.'", max_size=8) | st.text(max_size=4) | st.just("a" * 70)
LABELS = st.text("abzAZ09-", max_size=6) | st.sampled_from(
    ["xn--80ak6aa92e", "xn--a", "münchen", "a" * 64, "", "[127.0.0.1]"]
)
ENDINGS = st.sampled_from(["com", "COM", "test", "local", "example", "1", "c", "xn--p1ai", ""])
DOMAINS = st.builds(lambda labels, ending: ".".join([*labels, ending]), st.lists(LABELS, max_size=4), ENDINGS)


def whole(text: str) -> str | None:
    try:
        return validate_email(text.strip(), check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        return None


@given(NAMES, DOMAINS)
@example("Ada.Lovelace+news", "Example.COM")
@example("a" * 240, "a.example.com")
@example("ada", "-example.com")
@example(" ada", "example.com ")
@example("info", "EXAMPLE.com")
def test_an_address_has_the_form_that_the_library_gives_the_whole_of_it(name: str, domain: str) -> None:
    text = f"{name}@{domain}"

    assert addresses.email_form(text) == whole(text)
