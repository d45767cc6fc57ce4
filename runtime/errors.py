"""What can go wrong around the hub's processes, apart from what the hub itself refuses."""

from hub.kit.errors import HubError


class WrongSettings(HubError):
    """The environment does not make settings. The sentence names the variables, never their values."""

    code = "WRONG_SETTINGS"


class NotReady(HubError):
    """The hub does not answer, or says that something it needs is missing."""

    code = "NOT_READY"
