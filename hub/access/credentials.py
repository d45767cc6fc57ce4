"""What a request presents to say who is asking."""

import base64

from hub.access.model import Unauthenticated


def presented(authorization: str) -> str | None:
    """Read the key or token of an `Authorization` header: `Bearer KEY`, or `Basic base64("KEY:")` as SDKs send it.

    None where the header is empty or of another scheme.

    Raises:
        Unauthenticated: it says Basic and is not.
    """
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[0]
    except ValueError:
        raise Unauthenticated("The Authorization header is not Basic base64.") from None
