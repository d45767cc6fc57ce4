"""What is known of traits and event properties: Segment's reserved traits and its e-commerce events.

Both as of Segment's specification. Names that are not here are of unknown kind and allowed.
"""

from collections.abc import Mapping
from typing import Final

from hub.conditions.shapes import Items, Kind, Names, Scope, Shape

_TEXT, _NUMBER, _OBJECTS = Kind.TEXT, Kind.NUMBER, Kind.OBJECTS

_ADDRESS: Final[Mapping[str, Shape]] = dict.fromkeys(("street", "city", "state", "postalCode", "country"), _TEXT)

ANSWER: Final = Names({"value": _TEXT, "version": _NUMBER, "at": _TEXT})
"""What a customer has said to a question, in which version of it, and when. Of several answers the value is a list."""

TRAITS: Final[Mapping[str, Shape]] = {
    **dict.fromkeys(
        ("avatar", "birthday", "createdAt", "description", "email", "firstName", "gender", "id", "lastName"), _TEXT
    ),
    **dict.fromkeys(("name", "phone", "title", "username", "website"), _TEXT),
    "age": _NUMBER,
    "address": _ADDRESS,
    "company": {
        **dict.fromkeys(("name", "id", "industry", "plan"), _TEXT),
        "employee_count": _NUMBER,
    },
    # No reserved trait of Segment's, but the hub's own: the country whose rules and language apply to the customer.
    "country": _TEXT,
    # The hub's own too: what the customer has said to questions, by their names.
    "answers": Names({}, others=ANSWER),
    "plans": Kind.LIST,
}
"""Traits of a customer by name; `birthday` and `createdAt` are ISO 8601 text."""

PROFILE: Final[Mapping[str, Shape]] = {
    **TRAITS,
    "stage": _TEXT,
    "preferred": dict.fromkeys(("channel", "store"), _TEXT),
}
"""What rules may ask of a profile: its traits, and what the hub has found out."""

_PRODUCT: Final[Mapping[str, Shape]] = {
    **dict.fromkeys(("product_id", "sku", "category", "name", "brand", "variant", "coupon", "currency"), _TEXT),
    **dict.fromkeys(("url", "image_url"), _TEXT),
    **dict.fromkeys(("price", "quantity", "position", "value"), _NUMBER),
}
_PRODUCTS: Final = Items(_PRODUCT)
_PRODUCT_IN_CART: Final[Mapping[str, Shape]] = {**_PRODUCT, "cart_id": _TEXT}
_PRODUCT_ON_LIST: Final[Mapping[str, Shape]] = {**_PRODUCT, "wishlist_id": _TEXT, "wishlist_name": _TEXT}
_PLAN: Final[Mapping[str, Shape]] = dict.fromkeys(("plan", "payment_id", "until"), _TEXT)
_CART: Final[Mapping[str, Shape]] = {"cart_id": _TEXT, "products": _PRODUCTS}
_LIST: Final[Mapping[str, Shape]] = {"list_id": _TEXT, "category": _TEXT, "products": _PRODUCTS}
_PROMOTION: Final[Mapping[str, Shape]] = dict.fromkeys(("promotion_id", "creative", "name", "position"), _TEXT)
_ORDER: Final[Mapping[str, Shape]] = {
    **dict.fromkeys(("order_id", "checkout_id", "affiliation", "coupon", "currency"), _TEXT),
    **dict.fromkeys(("value", "subtotal", "total", "revenue", "shipping", "tax", "discount"), _NUMBER),
    "products": _PRODUCTS,
}
_CHECKOUT_STEP: Final[Mapping[str, Shape]] = {
    **dict.fromkeys(("checkout_id", "order_id", "shipping_method", "payment_method"), _TEXT),
    "step": _NUMBER,
}
_COUPON: Final[Mapping[str, Shape]] = {
    **dict.fromkeys(("order_id", "cart_id", "coupon_id", "coupon_name", "reason"), _TEXT),
    "discount": _NUMBER,
}
_SHARED: Final[Mapping[str, Shape]] = dict.fromkeys(("share_via", "share_message", "recipient"), _TEXT)

_MESSAGE: Final[Mapping[str, Shape]] = dict.fromkeys(
    ("message_id", "template", "channel", "brand", "topic", "journey", "step", "broadcast_id"), _TEXT
)
_CONTENT: Final[Mapping[str, Shape]] = {
    **dict.fromkeys(("content", "page", "store_id"), _TEXT),
    "version": _NUMBER,
}
_VOUCHER: Final[Mapping[str, Shape]] = {
    **dict.fromkeys(
        ("voucher_id", "reward", "cause", "program", "wallet", "order_id", "order_source", "expires_at"), _TEXT
    ),
    **dict.fromkeys(("version", "points"), _NUMBER),
}
EVENTS: Final[Mapping[str, Mapping[str, Shape]]] = {
    "Products Searched": {"query": _TEXT},
    "Product List Viewed": _LIST,
    "Product List Filtered": {**_LIST, "filters": _OBJECTS, "sorts": _OBJECTS},
    "Promotion Viewed": _PROMOTION,
    "Promotion Clicked": _PROMOTION,
    "Product Clicked": _PRODUCT,
    "Product Viewed": _PRODUCT,
    "Product Added": _PRODUCT_IN_CART,
    "Product Removed": _PRODUCT_IN_CART,
    "Cart Viewed": _CART,
    "Checkout Started": _ORDER,
    "Checkout Step Viewed": _CHECKOUT_STEP,
    "Checkout Step Completed": _CHECKOUT_STEP,
    "Payment Info Entered": _CHECKOUT_STEP,
    "Order Completed": _ORDER,
    "Order Updated": _ORDER,
    "Order Refunded": _ORDER,
    "Order Cancelled": _ORDER,
    "Coupon Entered": _COUPON,
    "Coupon Applied": _COUPON,
    "Coupon Denied": _COUPON,
    "Coupon Removed": _COUPON,
    "Product Added to Wishlist": _PRODUCT_ON_LIST,
    "Product Removed from Wishlist": _PRODUCT_ON_LIST,
    "Wishlist Product Added to Cart": {**_PRODUCT_ON_LIST, "cart_id": _TEXT},
    "Product Shared": {**_PRODUCT, **_SHARED},
    "Cart Shared": {**_SHARED, "cart_id": _TEXT, "products": _PRODUCTS},
    "Cart Updated": {**_CART, "value": _NUMBER, "currency": _TEXT, "item_count": _NUMBER},
    "Back In Stock Requested": {"sku": _TEXT},
    "Back In Stock": {"sku": _TEXT, "product_id": _TEXT, "on_hand": _NUMBER},
    "Question Answered": {"question": _TEXT, "version": _NUMBER, "answers": Kind.LIST, "several": Kind.BOOLEAN},
    "Stage Changed": dict.fromkeys(("from", "to"), _TEXT),
    "Message Delivered": _MESSAGE,
    "Message Opened": _MESSAGE,
    "Message Clicked": {**_MESSAGE, "link": _NUMBER, "url": _TEXT},
    "Message Bounced": {**_MESSAGE, "lasting": Kind.BOOLEAN},
    "Content Shown": _CONTENT,
    "Content Clicked": _CONTENT,
    "Content Dismissed": _CONTENT,
    "Giveaway Won": dict.fromkeys(("giveaway", "program"), _TEXT),
    "Join Requested": dict.fromkeys(("program", "store_id", "campaign", "associate_id", "consent_version"), _TEXT),
    "Member Birthday": {"day": _TEXT, "programs": Kind.LIST},
    "Member Joined": dict.fromkeys(
        ("program", "way", "store_id", "campaign", "associate_id", "consent_version"), _TEXT
    ),
    "Reward Issued": _VOUCHER,
    "Voucher Used": _VOUCHER,
    "Voucher Released": _VOUCHER,
    "Voucher Expired": _VOUCHER,
    "Voucher Reversed": _VOUCHER,
    "Plan Paid": dict.fromkeys(("plan", "payment_id"), _TEXT),
    "Plan Cancelled": {"plan": _TEXT},
    "Plan Started": _PLAN,
    "Plan Renewed": _PLAN,
    "Plan Unpaid": _PLAN,
    "Plan Ended": {**_PLAN, "refund": _NUMBER, "currency": _TEXT},
    "Profile Field Completed": dict.fromkeys(("field", "consent_version"), _TEXT),
    "Receipt Claimed": dict.fromkeys(("order_id", "source", "store_id"), _TEXT),
    "Sms Received": dict.fromkeys(("number", "means", "keyword"), _TEXT),
    "Segment Entered": {"segment": _TEXT},
    "Segment Left": {"segment": _TEXT},
    "Product Reviewed": {"product_id": _TEXT, "review_id": _TEXT, "review_body": _TEXT},
}
"""Properties of each known event by name. A review's rating is text to Segment and a number to most shops: unknown."""

OF_SEGMENTS: Final = frozenset({"Segment Entered", "Segment Left"})
"""Events that follow from segments: a segment that asked for them could move somebody in and out for ever."""


def profile_of(answers: Names | None) -> Mapping[str, Shape]:
    """Say what rules may ask of a profile where these answers are known; any, if nobody knows which there are."""
    return PROFILE if answers is None else {**PROFILE, "answers": answers}


def scope_of(event: str | None) -> Scope:
    """Make the scope of a rule about an event and its customer; nothing is known of the properties of other events."""
    return {"properties": EVENTS.get(event or "", {}), "profile": PROFILE}
