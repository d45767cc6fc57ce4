"""Addresses of e-mail as providers take them: ASCII throughout, with a display name where there is one."""

from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Final

from hub.kit.errors import HubError

NO_ADDRESS: Final = (ValueError, MessageError, IndexError)
"""How the standard library meets what is no address, or a header with a line break; IndexError for broken quoting."""


class InvalidSenderAddress(HubError):
    """What stands behind `From` is no address."""

    code = "INVALID_SENDER_ADDRESS"

    def __init__(self) -> None:
        super().__init__('HUB_EMAIL_FROM is written as NAME <ADDRESS>, and a name with a comma as "NAME" <ADDRESS>.')


def sender_of(written: str) -> Address:
    """Read the address behind `From`.

    Raises:
        InvalidSenderAddress: it is none.
    """
    try:
        return ascii_address(*reversed(parseaddr(written)))
    except NO_ADDRESS:
        raise InvalidSenderAddress from None


def ascii_address(written: str, display: str = "") -> Address:
    """Make an address that is ASCII throughout: a domain in other letters has such a form, a local part has none.

    Raises:
        NO_ADDRESS: one of these, for it is none.
    """
    local, _, domain = written.rpartition("@")
    address = Address(display, addr_spec=f"{local}@{domain.encode('idna').decode()}")
    if not address.addr_spec.isascii() or not address.username or not address.domain:
        raise ValueError
    return address
