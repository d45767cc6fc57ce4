"""The GraphQL API. Knows `hub` only."""

# Whichever part is imported first: its fields are annotated with enums that have to be registered by then.
from hub_api import words  # noqa: F401
