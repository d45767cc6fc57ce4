"""The schema: what the nouns contribute, with the documentation that stands beside their code."""

from inspect import cleandoc

import strawberry
from graphql import GraphQLError, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.types.concrete_type import ConcreteType
from strawberry.types import ExecutionContext
from strawberry.types.base import StrawberryObjectDefinition

from hub_api.access_to import AccessQueries
from hub_api.accounts import AccountMutations
from hub_api.adjustments import AdjustmentMutations, AdjustmentQueries
from hub_api.assets import AssetMutations, AssetQueries
from hub_api.associates import AssociateQueries
from hub_api.audit import AuditQueries
from hub_api.books import BooksMutations, BooksQueries
from hub_api.brands import BrandMutations, BrandQueries
from hub_api.broadcasting import BroadcastMutations
from hub_api.broadcasts import BroadcastQueries
from hub_api.consents import ConsentMutations
from hub_api.content import AgreedSnippetQueries, ContentQueries, ContentReportMutations
from hub_api.content_definitions import ContentDefinitionMutations, ContentDefinitionQueries
from hub_api.decisions import Decision
from hub_api.devices import DeviceMutations
from hub_api.doubts import DoubtQueries
from hub_api.earning import EarningQueries
from hub_api.enrolments import JoinQueries
from hub_api.events import EventMutations
from hub_api.giveaways import GiveawayMutations, GiveawayQueries
from hub_api.inbox import InboxMutations
from hub_api.joining import EnrolmentMutations
from hub_api.journeys import JourneyMutations, JourneyQueries
from hub_api.keys import KeyMutations, KeyQueries
from hub_api.limits import Limits, LimitsWithoutIntrospection
from hub_api.lookup import NodeQueries
from hub_api.merging import ClashQueries, MergingMutations
from hub_api.messages import Message
from hub_api.orders import OrderQueries
from hub_api.plans import PlanMutations, PlanQueries
from hub_api.policy import PolicyMutations, PolicyQueries
from hub_api.posters import PosterMutations, PosterQueries
from hub_api.privacy import PrivacyMutations, PrivacyQueries
from hub_api.products import ProductMutations, ProductQueries
from hub_api.profile_fields import ProfileFieldMutations
from hub_api.profiles import ProfileQueries
from hub_api.programs import ProgramMutations, ProgramQueries
from hub_api.questions import QuestionMutations, QuestionQueries
from hub_api.ready_segments import ReadySegmentQueries
from hub_api.receipts import ReceiptMutations
from hub_api.redemptions import VoucherMutations
from hub_api.reviewing import ReviewMutations
from hub_api.reviews import ReviewQueries
from hub_api.reward_definitions import RewardDefinitionMutations, RewardDefinitionQueries
from hub_api.rewards import RewardMutations, RewardQueries
from hub_api.rfm import RfmQueries
from hub_api.rollups import RollupMutations, RollupQueries
from hub_api.runs import Run
from hub_api.segments import SegmentMutations, SegmentQueries
from hub_api.shipping import ShippingMutations, ShippingQueries
from hub_api.signin import SignInMutations
from hub_api.simulating import SimulationQueries
from hub_api.snippets import SnippetMutations, SnippetQueries
from hub_api.stock import StockMutations, StockQueries
from hub_api.store_days import StoreDayQueries
from hub_api.stores import StoreMutations, StoreQueries
from hub_api.suppressions import SuppressionMutations
from hub_api.surfaces import SurfaceQueries
from hub_api.templates import TemplateMutations, TemplateQueries
from hub_api.topics import TopicMutations, TopicQueries
from hub_api.trials import TrialMutations
from hub_api.voucher_use import VoucherUseMutations


@strawberry.type
class Query(
    EarningQueries,
    AdjustmentQueries,
    AssetQueries,
    BooksQueries,
    BrandQueries,
    AssociateQueries,
    ContentQueries,
    AgreedSnippetQueries,
    ContentDefinitionQueries,
    BroadcastQueries,
    ProfileQueries,
    DoubtQueries,
    GiveawayQueries,
    JoinQueries,
    JourneyQueries,
    KeyQueries,
    NodeQueries,
    OrderQueries,
    AuditQueries,
    PlanQueries,
    PolicyQueries,
    PosterQueries,
    ProductQueries,
    ProgramQueries,
    QuestionQueries,
    RewardQueries,
    AccessQueries,
    RewardDefinitionQueries,
    ReadySegmentQueries,
    ReviewQueries,
    RfmQueries,
    RollupQueries,
    SegmentQueries,
    SimulationQueries,
    ShippingQueries,
    SnippetQueries,
    StockQueries,
    StoreQueries,
    StoreDayQueries,
    SurfaceQueries,
    TemplateQueries,
    PrivacyQueries,
    ClashQueries,
    TopicQueries,
):
    """What can be asked. Every field names the scope it needs."""


@strawberry.type
class Mutation(
    AccountMutations,
    AdjustmentMutations,
    AssetMutations,
    BooksMutations,
    BrandMutations,
    ContentReportMutations,
    ContentDefinitionMutations,
    BroadcastMutations,
    DeviceMutations,
    EnrolmentMutations,
    EventMutations,
    GiveawayMutations,
    InboxMutations,
    JourneyMutations,
    KeyMutations,
    PlanMutations,
    PolicyMutations,
    PosterMutations,
    ProductMutations,
    ProfileFieldMutations,
    ProgramMutations,
    QuestionMutations,
    RewardMutations,
    VoucherMutations,
    VoucherUseMutations,
    RewardDefinitionMutations,
    ReviewMutations,
    ReceiptMutations,
    RollupMutations,
    SegmentMutations,
    ShippingMutations,
    SnippetMutations,
    StockMutations,
    StoreMutations,
    TemplateMutations,
    TrialMutations,
    PrivacyMutations,
    MergingMutations,
    ConsentMutations,
    SuppressionMutations,
    TopicMutations,
    SignInMutations,
):
    """What can be done. Every mutation takes an idempotency key: repeating it does nothing twice."""


class Schema(strawberry.Schema):
    """A schema whose errors are told by the endpoint and nowhere else: Strawberry would log what they quote."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log nothing."""


def build(*, introspection: bool) -> Schema:
    """Make the schema. Without introspection it also keeps to itself which names resemble a wrong one."""
    schema = Schema(
        Query,
        Mutation,
        types=[Decision, Message, Run],
        extensions=[Limits if introspection else LimitsWithoutIntrospection, ParserCache, ValidationCache],
        config=StrawberryConfig(disable_field_suggestions=not introspection),
    )
    for concrete in schema.schema_converter.type_map.values():
        _document(schema, concrete)
    return schema


def _document(schema: Schema, concrete: ConcreteType) -> None:
    """Take the docstrings of a type and of its resolvers as its descriptions, so that each is written once."""
    definition, shown = concrete.definition, concrete.implementation
    if not isinstance(definition, StrawberryObjectDefinition):
        return
    if isinstance(shown, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
        shown.description = next(cleandoc(it.__doc__) for it in definition.origin.__mro__ if it.__doc__)
    if isinstance(shown, GraphQLObjectType | GraphQLInterfaceType):
        for field in definition.fields:
            if field.base_resolver:
                name = schema.config.name_converter.get_graphql_name(field)
                shown.fields[name].description = cleandoc(field.base_resolver.wrapped_func.__doc__ or "")
