"""A push message as the body of FCM's `messages:send`, made with Firebase's own builder."""

import json
import re
from typing import Any, Final

from firebase_admin import messaging

from hub.messaging.ports import Push

_INSTALLATION: Final = re.compile(r"[c-f][A-Za-z0-9_-]{21}")
"""A Firebase installation id: 17 bytes in base64url, the first four bits of which are 0111. A token is longer."""


def body_of(push: Push) -> dict[str, Any]:
    """Write a push message. Our key collapses it: what is sent twice by mishap is shown once.

    A link goes to the app as `data.link`, and to browsers as what a click opens, where it is one that they allow.
    """
    key = str(push.key)
    data = {"hub_message": key, **({"link": push.link} if push.link else {})}
    web_link = push.link if push.link and push.link.startswith("https://") else None
    message = messaging.Message(
        fid=push.to,
        data=data,
        notification=messaging.Notification(title=push.title or None, body=push.text),
        android=messaging.AndroidConfig(collapse_key=key, notification=messaging.AndroidNotification(tag=key)),
        apns=messaging.APNSConfig(headers={"apns-collapse-id": key}),
        webpush=messaging.WebpushConfig(
            headers={"Topic": push.key.hex},  # 32 letters and digits are what a push service takes (RFC 8030 §5.4)
            notification=messaging.WebpushNotification(tag=key),
            fcm_options=messaging.WebpushFCMOptions(link=web_link) if web_link else None,
        ),
    )
    if not _INSTALLATION.fullmatch(push.to):
        # The builder warns whoever hands it a token. Apps of today have nothing else, and FCM takes both.
        message.fid, message.token = None, push.to
    return {"message": json.loads(str(message))}
