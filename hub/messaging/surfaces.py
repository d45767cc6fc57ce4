"""Surfaces: where a customer meets what the shop has to say, on their devices, on its pages or in its shops."""

from enum import StrEnum
from typing import Final

from hub.profiles.model import Channel
from hub.profiles.topics import TopicClass


class Surface(StrEnum):
    """Where something is said. The first ones are sent to a customer; the others are shown where the customer is."""

    EMAIL = "email"
    TRANSACTIONAL_EMAIL = "transactional_email"
    PUSH = "push"
    SMS = "sms"
    INBOX = "inbox"
    SOCIAL = "social"
    POPUP = "popup"
    SIGN = "sign"
    STAFF_SCRIPT = "staff_script"


SHOWN: Final = (Surface.SOCIAL, Surface.POPUP, Surface.SIGN, Surface.STAFF_SCRIPT)
"""The surfaces of what is shown and not sent."""


def of_message(channel: Channel, topic_class: TopicClass) -> Surface:
    """Tell the surface of what is sent: by the channel, of an e-mail also by what the law makes of it."""
    if channel is Channel.EMAIL and topic_class is not TopicClass.MARKETING:
        return Surface.TRANSACTIONAL_EMAIL
    return Surface(channel.value)
