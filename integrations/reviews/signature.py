"""Whether a request comes from the review system: a header `Hub-Signature: t=SECONDS,v1=HEX`.

HEX is HMAC-SHA256 under the shared secret of `SECONDS.BODY`, the body byte for byte. A header may hold several `v1`, so
that whoever changes the secret can sign with both. What is repeated within five minutes changes nothing: reviews have
keys. Who tries again later signs again.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from integrations.webhooks import NotSigned

SIGNATURE: Final = "Hub-Signature"
NEAR: Final = timedelta(minutes=5)
"""How far the time of signing may be from ours."""

_HEADER: Final = re.compile(r"t=([0-9]{1,12})((?:,v1=[0-9a-f]{64}){1,4})", re.ASCII)


def check(secrets: Sequence[str], body: bytes, header: str, *, now: datetime) -> None:
    """Check the bytes as they came, before anything reads them.

    Args:
        secrets: those that are believed, none of them empty.
        body: the request's.
        header: what `Hub-Signature` holds.
        now: the time.

    Raises:
        NotSigned: nobody has signed them with one of the secrets, or long ago.
    """
    found = _HEADER.fullmatch(header)
    if found is None:
        raise NotSigned(f"`{SIGNATURE}` is missing, or not written as t=SECONDS,v1=HEX.")
    seconds = found[1]
    wanted = [signed(it, body, seconds) for it in secrets]
    given = [it.removeprefix("v1=") for it in found[2].split(",") if it]
    fits = False
    for one in given:
        for other in wanted:
            fits |= hmac.compare_digest(one, other)  # all of them are compared, and each in constant time
    if not fits:
        raise NotSigned("The signature does not fit the time and the body.")
    if abs(now.timestamp() - int(seconds)) > NEAR.total_seconds():
        raise NotSigned("The signature is too old, or ahead of the time here.")


def signed(secret: str, body: bytes, seconds: str) -> str:
    """Sign a body as of a time, in whole seconds since 1970."""
    return hmac.digest(secret.encode(), seconds.encode() + b"." + body, hashlib.sha256).hex()
