"""An e-mail as the body of SendGrid's `POST /v3/mail/send`, made with SendGrid's own builder."""

from typing import Any, Final

from sendgrid.helpers.mail import (
    ClickTracking,
    CustomArg,
    From,
    Header,
    Mail,
    OpenTracking,
    SubscriptionTracking,
    To,
    TrackingSettings,
)

from hub.messaging.ports import Email, Refused
from integrations.mail_addresses import NO_ADDRESS, ascii_address, sender_of

KEY: Final = "hub_message"
"""The custom argument that holds our key. SendGrid repeats it in every event, and keeps it: it says nothing of anybody.
"""


def body_of(email: Email) -> dict[str, Any]:
    """Write an e-mail. The only personal data in it are the recipient's address, the subject and the text.

    SendGrid's own tracking is off: it would rewrite every link, the one that unsubscribes too.

    Raises:
        InvalidSenderAddress: the sender's address is none.
        Refused: the recipient's is none, or the subject has more than one line.
    """
    sender = sender_of(email.sender)
    try:
        to = ascii_address(email.to)
    except NO_ADDRESS:  # without its cause, which quotes the address
        raise Refused("SendGrid cannot carry this message: the address is not well formed.") from None
    if len(email.subject.splitlines()) > 1:
        raise Refused("SendGrid cannot carry this message: its subject has more than one line.")
    mail = Mail(
        from_email=From(sender.addr_spec, sender.display_name or None),
        to_emails=To(to.addr_spec),
        subject=email.subject,
        plain_text_content=email.text,
        html_content=email.html,
    )
    mail.add_custom_arg(CustomArg(KEY, str(email.key)))
    if email.unsubscribe:
        mail.add_header(Header("List-Unsubscribe", f"<{email.unsubscribe}>"))
        mail.add_header(Header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    mail.tracking_settings = TrackingSettings(
        click_tracking=ClickTracking(enable=False, enable_text=False),
        open_tracking=OpenTracking(enable=False),
        subscription_tracking=SubscriptionTracking(enable=False),
    )
    body: dict[str, Any] = mail.get()
    return body
