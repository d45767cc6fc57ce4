"""What can go wrong around the hub's processes, apart from what the hub itself refuses."""

from hub.kit.errors import HubError


class WrongSettings(HubError):
    """The environment does not make settings. The sentence names the variables, never their values."""

    code = "WRONG_SETTINGS"


class UnusableFile(HubError):
    """A file or folder is not there, may not be used, or is not what it should be."""

    code = "UNUSABLE_FILE"


class Broken(HubError):
    """The system or MongoDB refused what was needed, and asking again will not help."""

    code = "BROKEN"


class NotReady(HubError):
    """The hub does not answer, or says that something it needs is missing."""

    code = "NOT_READY"
