"""Customer lists of advertising platforms hold the hashes that these platforms make themselves."""

import pytest

from hub.bulk.audiences import Reached
from integrations.files.audiences import Platform, hashed

# Meta prints the first two as its examples; all three are what `printf %s ADDRESS | sha256sum` says.
JOHN = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"
DIGITS = "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"
E164 = "1e231c66011e7a2d867a9cfae267a6aff103cf4913640b6e71a99850fc0ffbc8"


@pytest.mark.parametrize(
    ("platform", "row"),
    [(Platform.GOOGLE, {"Email": JOHN, "Phone": E164}), (Platform.META, {"email": JOHN, "phone": DIGITS})],
)
def test_the_hashes_are_those_that_the_platform_makes_itself(platform: Platform, row: dict[str, str]) -> None:
    assert hashed(Reached("john_smith@gmail.com", "+16505551212"), platform) == row


@pytest.mark.parametrize("platform", Platform)
def test_an_address_that_is_not_shown_has_no_hash(platform: Platform) -> None:
    email, phone = hashed(Reached(None, "+16505551212"), platform).values()

    assert (email, phone is None) == (None, False)
