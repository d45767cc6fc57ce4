"""An account: persons with roles, who have their points in a program together."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from hub.kit.errors import HubError

MOST_PERSONS: Final = 100
LONGEST_NAME: Final = 255


class AccountKind(StrEnum):
    """What sort of persons it is of. A household has no name: it would tell of all who live there."""

    HOUSEHOLD = "household"
    CORPORATE = "corporate"


class AccountRole(StrEnum):
    """What a person may do: a collector brings points and spends none; an account has one owner at least."""

    OWNER = "owner"
    SPENDER = "spender"
    COLLECTOR = "collector"


MAY_SPEND: Final = frozenset({AccountRole.OWNER, AccountRole.SPENDER})


class Pooling(StrEnum):
    """Whose the points of its persons are: the account's, or each person's own."""

    ALL = "all"
    NONE = "none"


class AccountRefused(HubError):
    """An account stays as it is."""


class NoSuchAccount(AccountRefused):
    """An id names none."""

    code = "NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("There is no such account.")


class InAnotherAccount(AccountRefused):
    """A person is in one account of a program at most."""

    code = "IN_ANOTHER_ACCOUNT"

    def __init__(self) -> None:
        super().__init__("This person is in another account of this program. They leave that one first.")


class NotInAccount(AccountRefused):
    """A person is not in it."""

    code = "NOT_IN_ACCOUNT"

    def __init__(self) -> None:
        super().__init__("This person is not in this account.")


class LastOwner(AccountRefused):
    """Nobody would be left who owns it."""

    code = "LAST_OWNER"

    def __init__(self) -> None:
        super().__init__("An account has one owner at least. Make somebody else an owner first.")


class TooManyPersons(AccountRefused):
    """It is full."""

    code = "TOO_MANY_PERSONS"

    def __init__(self) -> None:
        super().__init__(f"An account has at most {MOST_PERSONS} persons.")


class BadAccount(HubError):
    """An account that cannot be."""

    code = "BAD_USER_INPUT"


@dataclass(frozen=True, slots=True)
class Person:
    """Who is in an account, as what and since when."""

    profile_id: UUID
    role: AccountRole
    since: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """An account as it stands. `name` is that of a company. Its `id` owns the purse that its persons share."""

    id: UUID
    program: str
    kind: AccountKind
    name: str | None
    pooling: Pooling
    made_at: datetime
    rev: int = 1
    persons: tuple[Person, ...] = ()

    @property
    def owners(self) -> int:
        """How many owners it has."""
        return sum(it.role is AccountRole.OWNER for it in self.persons)


def checked(kind: AccountKind, name: str | None) -> str | None:
    """Let the name of an account pass.

    Raises:
        BadAccount: a company has none, or a household has one.
    """
    if (kind is AccountKind.CORPORATE) != bool(name):
        raise BadAccount("A company has a name, a household has none.")
    if name is not None and len(name) > LONGEST_NAME:
        raise BadAccount(f"A name has at most {LONGEST_NAME} characters.")
    return name
