"""The hub's words that have a fixed set of values, as enums of the schema."""

import strawberry

from hub.access.grants import KeyKind
from hub.access.model import Role, Scope
from hub.accounts.model import AccountKind, AccountRole, Pooling
from hub.broadcasts.model import State as BroadcastState
from hub.commerce.catalogue import ProductStatus
from hub.commerce.model import FulfilmentKind, OrderStatus, SalesChannel
from hub.commerce.posters import Purpose
from hub.commerce.shipping import Basis
from hub.commerce.stores import StoreChannel
from hub.content.model import What
from hub.decisions.model import Reason
from hub.earning.model import Why
from hub.events.model import Kind
from hub.journeys.model import Status
from hub.kit.local_time import Weekday
from hub.ledger.adjusting import AdjustmentState
from hub.ledger.model import Kind as MovementKind
from hub.membership.model import Way
from hub.membership.paying import Every
from hub.membership.paying import Status as PlanStatus
from hub.messaging.doubts import Doubt
from hub.messaging.model import MessageClass, Outcome, State
from hub.messaging.surfaces import Surface
from hub.messaging.timeline import EntryKind
from hub.privacy.store import Standing
from hub.profiles.clashes import ClashState
from hub.profiles.consent import ConsentState, How
from hub.profiles.devices import Platform
from hub.profiles.model import Channel, IdentifierKind
from hub.profiles.suppression import SuppressionReason
from hub.profiles.topics import TopicClass
from hub.reviews.model import By as ReviewBy
from hub.reviews.model import Fault as ReviewFault
from hub.reviews.model import State as ReviewState
from hub.rewards.model import RewardKind, RewardState
from hub.tills.closing import LineKind
from hub.vouchers.model import VoucherState

# Registered in place: the fields of the schema are annotated with the hub's own classes.
strawberry.enum(AccountKind, name="AccountKind", description="What sort of persons an account is of.")
strawberry.enum(AccountRole, name="AccountRole", description="What a person of an account may do.")
strawberry.enum(Pooling, name="AccountPooling", description="Whose the points of the persons of an account are.")
strawberry.enum(Basis, name="ShippingBasis", description="What a price of shipping is made of.")
strawberry.enum(BroadcastState, name="BroadcastState", description="Where a broadcast stands.")
strawberry.enum(ReviewBy, name="ReviewActor", description="Who brought a review into its state.")
strawberry.enum(ReviewFault, name="ReviewFault", description="What the rules find in the text of a review.")
strawberry.enum(ReviewState, name="ReviewState", description="How far a review is; `HELD`: a rule found something.")
strawberry.enum(Why, name="EarningReason", description="Why a rule or multiplier gives nothing, or less.")
strawberry.enum(Channel, name="Channel", description="A way to reach a customer.")
strawberry.enum(ClashState, name="ClashState", description="What became of a clash.")
strawberry.enum(Doubt, name="DeliveryDoubt", description="What is wrong with a message that was sent.")
strawberry.enum(
    EntryKind, name="TimelineKind", description="What sort of entry it is: a call that told of it, or `MESSAGE`."
)
strawberry.enum(IdentifierKind, name="IdentifierKind", description="Kinds of identifier, the strongest first.")
strawberry.enum(KeyKind, name="KeyKind", description="What a key is for.")
strawberry.enum(Kind, name="EventKind", description="The calls of the Segment spec.")
strawberry.enum(AdjustmentState, name="AdjustmentState", description="Where points that are given by hand stand.")
strawberry.enum(MovementKind, name="MovementKind", description="What points were moved by.")
strawberry.enum(RewardKind, name="RewardKind", description="What a reward gives.")
strawberry.enum(RewardState, name="RewardState", description="Whether a reward can be had or voted for.")
strawberry.enum(VoucherState, name="VoucherState", description="Where a voucher stands.")
strawberry.enum(MessageClass, name="MessageClass", description="What to do where nobody can tell if it arrived.")
strawberry.enum(Every, name="PlanPeriod", description="How long one payment for a plan lasts.")
strawberry.enum(PlanStatus, name="SubscriptionStatus", description="Where a paid membership stands.")
strawberry.enum(FulfilmentKind, name="FulfilmentKind", description="How goods come to a customer.")
strawberry.enum(OrderStatus, name="OrderStatus", description="How far an order is; `OPEN` until it was completed.")
strawberry.enum(SalesChannel, name="SalesChannel", description="Where something was bought.")
strawberry.enum(Outcome, name="AttemptOutcome", description="How one attempt to send ended.")
strawberry.enum(LineKind, name="StoreDayLine", description="What a line of a store's day is of.")
strawberry.enum(ProductStatus, name="ProductStatus", description="Whether a product is sold.")
strawberry.enum(Platform, name="DevicePlatform", description="What an app runs on.")
strawberry.enum(Purpose, name="PosterPurpose", description="What the code of a poster is for.")
strawberry.enum(Reason, name="DecisionReason", description="Why the answer was no.")
strawberry.enum(Role, name="Role", description="What a member of staff does here.")
strawberry.enum(Scope, name="Scope", description="What a caller may do.")
strawberry.enum(Standing, name="ErasureState", description="Where an erasure stands.")
strawberry.enum(State, name="MessageState", description="Where a message stands.")
strawberry.enum(Status, name="RunStatus", description="Where a run stands.")
strawberry.enum(StoreChannel, name="StoreChannel", description="How an order is had from a store.")
strawberry.enum(Surface, name="Surface", description="Where customers meet what the shop has to say.")
strawberry.enum(What, name="ContentAct", description="What a visitor did with something that was shown.")
strawberry.enum(Way, name="EnrolmentWay", description="By which way a customer joined a program.")
strawberry.enum(Weekday, name="Weekday", description="The days of the week.")
strawberry.enum(ConsentState, name="ConsentState", description="What a customer says; `PENDING` allows nothing.")
strawberry.enum(How, name="ConsentWay", description="By which way a consent came.")
strawberry.enum(SuppressionReason, name="SuppressionReason", description="Why an address must not be written to.")
strawberry.enum(TopicClass, name="TopicClass", description="What the law makes of a message.")
