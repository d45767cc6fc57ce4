"""Whether a request comes from Twilio: `X-Twilio-Signature`, for forms and for JSON.

Twilio signs the address that it called, and after it every field of a form: name and value, in the order of the names.
Of JSON it signs the address only, which then holds `bodySHA256`, the hash of the body. The hub knows the address by
which Twilio reaches it from `HUB_PUBLIC_URL`, and not from the request: proxies change that.

A signature says nothing of when it was made. What is repeated changes nothing, for a report is known by message and
status, and an SMS by its id.
"""

import base64
import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import parse_qs, parse_qsl, urlsplit, urlunsplit

SIGNATURE: Final = "X-Twilio-Signature"
FORM: Final = "application/x-www-form-urlencoded"
_PORTS: Final = {"https": 443, "http": 80}

Fields = Sequence[tuple[str, str]]


def fields_of(body: bytes) -> Fields | None:
    """Read a form, None where it is none.

    A name without `=` is no field: read as one, it could be cut off another's value without changing what is signed.
    """
    if not body:
        return []
    try:
        return parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=200
        )
    except ValueError:
        return None


def signs_form(token: str, url: str, fields: Fields, signature: str) -> bool:
    """Tell whether a signature is Twilio's, of a form that was posted to an address."""
    return _is_any(signature, (signature_of(token, it, fields) for it in _spellings(url)))


def signs_json(token: str, url: str, body: bytes, signature: str) -> bool:
    """Tell whether a signature is Twilio's, of JSON that was posted to an address which holds its hash."""
    said = parse_qs(urlsplit(url).query).get("bodySHA256", [""])[0]
    is_this_body = hmac.compare_digest(hashlib.sha256(body).hexdigest().encode(), said.encode())
    return _is_any(signature, (signature_of(token, it, []) for it in _spellings(url))) and is_this_body


def signature_of(token: str, url: str, fields: Fields) -> str:
    """Sign as Twilio does."""
    values: defaultdict[str, set[str]] = defaultdict(set)
    for name, value in fields:
        values[name].add(value)
    signed = url + "".join(name + value for name in sorted(values) for value in sorted(values[name]))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), hashlib.sha1)).decode()


def _spellings(url: str) -> list[str]:
    """Give an address with and without its port: Twilio signs either, and says nowhere which."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    bare = parts.netloc.removesuffix(f":{parts.port}") if parts.port else parts.netloc
    port = parts.port or _PORTS.get(parts.scheme)
    return [urlunsplit(parts._replace(netloc=netloc)) for netloc in (bare, f"{bare}:{port}")] if host else [url]


def _is_any(signature: str, wanted: Iterable[str]) -> bool:
    # All of them are compared, and each in constant time.
    fits = False
    for it in wanted:
        fits |= hmac.compare_digest(it.encode(), signature.encode())
    return fits
