"""The GraphQL API. Knows `hub` only."""
