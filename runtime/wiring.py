"""The one place that chooses who answers what `hub` needs from outside."""

from datetime import UTC, datetime

import beanie
from temporalio.client import Client as TemporalClient

from hub.access.allowance import KnownDeviceDocument
from hub.access.audit import EntryDocument
from hub.access.challenges import ChallengeDocument
from hub.access.idempotency import IdempotencyDocument
from hub.access.keys import KeyDocument
from hub.access.rates import RateDocument
from hub.access.tokens import RevokedTokenDocument
from hub.accounts.store import AccountDocument, PersonDocument
from hub.books.closings import ClosingDocument
from hub.broadcasts.recipients import RecipientPageDocument
from hub.broadcasts.store import BroadcastDocument
from hub.bulk.imports import ImportDocument
from hub.commerce.carts_store import CartDocument
from hub.commerce.orders import OrderDocument
from hub.commerce.posters_store import PosterDocument
from hub.commerce.products import ProductDocument
from hub.commerce.receipts import ReceiptDocument
from hub.commerce.shipping_store import ShippingDocument
from hub.commerce.stock import StockDocument
from hub.commerce.stores import StoreDocument
from hub.commerce.waiting import WishDocument
from hub.contact.store import ContactDocument, PolicyDocument
from hub.content.store import ContentDocument, ViewDocument
from hub.decisions.store import DecisionDocument
from hub.earning.rooms_store import RoomDocument
from hub.events.store import DeadLetterDocument, EventDocument
from hub.intake.parts import RouterDocument
from hub.journeys.cohorts import CohortDocument
from hub.journeys.guards import GuardDocument
from hub.journeys.runs import RunDocument
from hub.journeys.store import JourneyDocument, VersionDocument
from hub.kit.errors import HubError
from hub.ledger.adjusting import AdjustmentDocument
from hub.ledger.store import PostingDocument, PurseDocument
from hub.membership.birthdays import BirthdayDocument
from hub.membership.draws import DrawDocument
from hub.membership.plans import PlanDocument
from hub.membership.store import EnrolmentDocument
from hub.membership.subscriptions import SubscriptionDocument
from hub.messaging.handled import HandledDocument
from hub.messaging.inbox import InboxSender
from hub.messaging.inbox_store import InboxMessageDocument
from hub.messaging.ports import EmailSender, PushSender, Senders, SmsSender
from hub.messaging.rates import BucketDocument
from hub.messaging.reports_waiting import WaitingReportsDocument
from hub.messaging.short_links import ShortLinkDocument
from hub.messaging.soft_bounces import SoftBounceDocument
from hub.messaging.store import MessageDocument
from hub.messaging.visits_store import VisitsDocument
from hub.privacy.store import ErasureDocument
from hub.profiles.cases import CaseDocument
from hub.profiles.clashes import ClashDocument
from hub.profiles.consent_store import ConsentDocument
from hub.profiles.devices import DeviceDocument
from hub.profiles.identifier_store import IdentifierDocument
from hub.profiles.model import Channel
from hub.profiles.store import ProfileDocument
from hub.profiles.suppression import SuppressionDocument
from hub.profiles.topics import TopicDocument
from hub.profiles.unions import UnionDocument
from hub.programs.store import ActivationDocument, ProgramDocument
from hub.questions.store import QuestionDocument
from hub.rankings.store import PlaceDocument, RankingsDocument
from hub.reviews.store import ReviewDocument, ReviewRulesDocument
from hub.rewards.places import PlacesDocument
from hub.rewards.store import RewardDocument, VoteDocument
from hub.rollups.store import RollupDocument
from hub.segments.store import SegmentDocument
from hub.settings import Settings
from hub.tiers.nights import NightDocument
from hub.tiers.store import StandingDocument
from hub.tills.store import TillDayDocument
from hub.vault import SealedKeyDocument
from hub.vouchers.store import VoucherDocument
from hub.vouchers.waiting import WaiterDocument
from hub.wording.assets import AssetDocument
from hub.wording.brand_store import BrandDocument
from hub.wording.library import TemplateDocument, TemplateVersionDocument
from hub.wording.snippet_store import SnippetDocument
from integrations.console.sender import ConsoleSender
from integrations.console.store import InboxDocument
from integrations.sendgrid.sender import SendGridSender
from integrations.smtp.sender import SmtpSender
from integrations.twilio.sender import TwilioSender

DOCUMENTS: list[type[beanie.Document]] = [
    AccountDocument,
    PersonDocument,
    ActivationDocument,
    BrandDocument,
    AdjustmentDocument,
    AssetDocument,
    BucketDocument,
    RecipientPageDocument,
    BroadcastDocument,
    ChallengeDocument,
    CartDocument,
    CaseDocument,
    ClosingDocument,
    ClashDocument,
    CohortDocument,
    ConsentDocument,
    ContactDocument,
    ContentDocument,
    DeadLetterDocument,
    DecisionDocument,
    DeviceDocument,
    BirthdayDocument,
    DrawDocument,
    EnrolmentDocument,
    PlanDocument,
    SubscriptionDocument,
    EntryDocument,
    ErasureDocument,
    EventDocument,
    GuardDocument,
    HandledDocument,
    WaitingReportsDocument,
    IdempotencyDocument,
    IdentifierDocument,
    ImportDocument,
    InboxDocument,
    InboxMessageDocument,
    JourneyDocument,
    KeyDocument,
    KnownDeviceDocument,
    MessageDocument,
    NightDocument,
    OrderDocument,
    PlaceDocument,
    PlacesDocument,
    PolicyDocument,
    PosterDocument,
    PostingDocument,
    ProductDocument,
    ProfileDocument,
    PurseDocument,
    ProgramDocument,
    QuestionDocument,
    RankingsDocument,
    RateDocument,
    ReviewDocument,
    ReceiptDocument,
    RevokedTokenDocument,
    RewardDocument,
    ReviewRulesDocument,
    RollupDocument,
    RoomDocument,
    RouterDocument,
    RunDocument,
    SealedKeyDocument,
    SegmentDocument,
    SuppressionDocument,
    ShippingDocument,
    SnippetDocument,
    SoftBounceDocument,
    StandingDocument,
    StockDocument,
    StoreDocument,
    TemplateDocument,
    TemplateVersionDocument,
    TillDayDocument,
    TopicDocument,
    UnionDocument,
    VersionDocument,
    VisitsDocument,
    ShortLinkDocument,
    ViewDocument,
    VoteDocument,
    VoucherDocument,
    WaiterDocument,
    WishDocument,
]
"""Every collection of the hub: what `hub migrate` makes and every process binds."""

NOBODY = "none"
"""The provider of a channel that nobody sends on: it reaches no customer."""


FCM = "fcm"
"""Push by Firebase, which is named here as well: what sends by it is imported only where it was chosen."""


class NotInstalled(HubError):
    """A provider was chosen whose library is an extra that is not installed."""

    code = "NOT_INSTALLED"

    def __init__(self, chosen: str, extra: str) -> None:
        super().__init__(f"{chosen} needs the extra {extra!r} of this package: pip install 'engagement-hub[{extra}]'.")


class UnknownProvider(HubError):
    """A setting names a provider that the hub does not know."""

    code = "UNKNOWN_PROVIDER"

    def __init__(self, channel: Channel, name: str, known: list[str]) -> None:
        variable = f"HUB_{channel.upper()}_PROVIDER"
        super().__init__(f"{variable} is {name!r}, but must be one of: {', '.join(known)}.")


def clock() -> datetime:
    """The time of this host, to which accepting, routing and sending hold; cohorts have Temporal's."""
    return datetime.now(UTC)


def senders(settings: Settings) -> Senders:
    """Choose who sends on each channel. The documents must be bound to a database.

    Raises:
        UnknownProvider: a setting names none that there is.
        NotForProduction: the console is chosen where real customers wait.
        NotSetUp: a provider is chosen, and a setting that it needs is empty.
        NotInstalled: a provider is chosen whose library is not there.
    """
    return Senders(
        email=_email(settings),
        push=_push(settings),
        sms=_sms(settings),
        inbox=InboxSender(settings, clock),
    )


def _email(settings: Settings) -> EmailSender | None:
    match settings.email_provider:
        case SmtpSender.name:
            return SmtpSender(settings)
        case SendGridSender.name:
            return SendGridSender(settings)
        case other:
            return _console(settings, Channel.EMAIL, other, SmtpSender.name, SendGridSender.name)


def _push(settings: Settings) -> PushSender | None:
    if settings.push_provider != FCM:
        return _console(settings, Channel.PUSH, settings.push_provider, FCM)
    try:
        from integrations.fcm.sender import FcmSender  # noqa: PLC0415  an extra: only who sends by FCM installs it
    except ModuleNotFoundError:
        raise NotInstalled("HUB_PUSH_PROVIDER=fcm", "push") from None
    return FcmSender(settings)


def _sms(settings: Settings) -> SmsSender | None:
    if settings.sms_provider == TwilioSender.name:
        return TwilioSender(settings)
    return _console(settings, Channel.SMS, settings.sms_provider, TwilioSender.name)


def _console(settings: Settings, channel: Channel, name: str, *others: str) -> ConsoleSender | None:
    if name == NOBODY:
        return None
    if name != ConsoleSender.name:
        raise UnknownProvider(channel, name, [ConsoleSender.name, *others, NOBODY])
    return ConsoleSender(settings, InboxDocument.get_pymongo_collection())


async def temporal(settings: Settings, *, lazy: bool = False) -> TemporalClient:
    """Make the Temporal client of this process; a lazy one connects when it is first used."""
    api_key = settings.temporal_api_key.get_secret_value()
    return await TemporalClient.connect(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        api_key=api_key or None,
        tls=bool(api_key),
        lazy=lazy,
    )
