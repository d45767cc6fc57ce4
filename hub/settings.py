"""Settings: environment variables `HUB_*` and everybody's customary names. Any `X` also as `X_FILE`."""

import os
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Self

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

PREFIX = "HUB_"
SHORTEST_SECRET: Final = 32
"""Characters that `HUB_SECRET_KEY` has at least: who guesses it signs as the hub does."""


class Environment(StrEnum):
    """Where the hub runs: `dev` may show the inbox and make a secret of its own, `production` may not."""

    DEV = "dev"
    PRODUCTION = "production"


class LogFormat(StrEnum):
    """`json` for machines, `text` for a person at a terminal."""

    JSON = "json"
    TEXT = "text"


class LeapDay(StrEnum):
    """On which day somebody born on 29 February has their birthday in years without one."""

    FEBRUARY_28 = "february_28"
    MARCH_1 = "march_1"


class ConsentPolicy(StrEnum):
    """What holds on a channel while a person has said nothing: `opt_in` forbids, `opt_out` allows."""

    OPT_IN = "opt_in"
    OPT_OUT = "opt_out"


class IssuerKind(StrEnum):
    """Whom an issuer of tokens vouches for."""

    CUSTOMER = "customer"
    STAFF = "staff"


class OidcIssuer(BaseModel):
    """An OpenID Connect issuer whose tokens are believed.

    The claims say where a member of staff's roles, brands and stores stand in the token; a dot leads into an object. A
    limit whose claim is not named does not exist; one whose claim is named must be in the token.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str = Field(min_length=1)
    audience: str = Field(min_length=1)
    jwks_url: str = ""
    kind: IssuerKind = IssuerKind.CUSTOMER
    roles_claim: str = "roles"
    brands_claim: str = ""
    stores_claim: str = ""


class _FileSource(EnvSettingsSource):
    """Reads the value of `X` from the file that `X_FILE` names, as containers mount secrets."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        for name in variables_of(field, field_name):
            if path := os.environ.get(f"{name}_FILE"):
                return Path(path).read_text(encoding="utf-8").strip(), field_name, False
        return None, field_name, False


def variables_of(field: FieldInfo, field_name: str) -> list[str]:
    """The environment variables that set a field, the preferred one first."""
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        return [str(choice) for choice in alias.choices]
    return [alias] if isinstance(alias, str) else [f"{PREFIX}{field_name}".upper()]


class Settings(BaseSettings):
    """One value a process, read once at its start."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", populate_by_name=True, frozen=True, extra="ignore"
    )

    env: Environment = Environment.DEV
    mongo_url: SecretStr = SecretStr("mongodb://127.0.0.1:27017/hub?replicaSet=rs0")
    mongo_timeout_ms: int = Field(default=5_000, gt=0)
    public_url: str = "http://127.0.0.1:8000"
    secret_key: SecretStr = SecretStr("")
    secret_key_previous: SecretStr = SecretStr("")
    oidc: dict[int, OidcIssuer] = {}  # by number, as environment variables count a list

    temporal_address: str = Field(default="127.0.0.1:7233", validation_alias="TEMPORAL_ADDRESS")
    temporal_namespace: str = Field(default="default", validation_alias="TEMPORAL_NAMESPACE")
    temporal_api_key: SecretStr = Field(default=SecretStr(""), validation_alias="TEMPORAL_API_KEY")

    email_provider: str = "console"
    push_provider: str = "console"
    sms_provider: str = "console"
    smtp_url: SecretStr = SecretStr("smtp://127.0.0.1:1025")
    sendgrid_api_key: SecretStr = Field(default=SecretStr(""), validation_alias="SENDGRID_API_KEY")
    sendgrid_webhook_key: str = ""
    sendgrid_url: str = "https://api.sendgrid.com"
    sendgrid_grace_seconds: float = Field(default=600, ge=0)
    reviews_webhook_secret: SecretStr = SecretStr("")
    reviews_webhook_secret_previous: SecretStr = SecretStr("")
    twilio_account_sid: str = Field(default="", validation_alias="TWILIO_ACCOUNT_SID")
    twilio_auth_token: SecretStr = Field(default=SecretStr(""), validation_alias="TWILIO_AUTH_TOKEN")
    twilio_url: str = "https://api.twilio.com"
    twilio_grace_seconds: float = Field(default=120, ge=0)
    sms_from: str = ""
    google_application_credentials: SecretStr = Field(
        default=SecretStr(""), validation_alias="GOOGLE_APPLICATION_CREDENTIALS"
    )
    fcm_url: str = "https://fcm.googleapis.com"
    email_from: str = "Engagement Hub <hub@example.com>"
    staff_addresses: str = ""

    email_per_second: float = Field(default=0, ge=0)
    push_per_second: float = Field(default=0, ge=0)
    sms_per_second: float = Field(default=0, ge=0)

    consent_email: ConsentPolicy = ConsentPolicy.OPT_IN
    consent_push: ConsentPolicy = ConsentPolicy.OPT_IN
    consent_sms: ConsentPolicy = ConsentPolicy.OPT_IN
    consent_inbox: ConsentPolicy = ConsentPolicy.OPT_IN

    leap_birthday: LeapDay = LeapDay.FEBRUARY_28
    receipt_claim_days: int = Field(default=30, ge=1)

    phone_region: str = Field(default="", pattern="^([A-Z]{2})?$")

    api_bind: str = "127.0.0.1:8000"
    metrics_bind: str = "127.0.0.1:9464"

    log_level: str = "INFO"
    log_format: LogFormat = LogFormat.JSON

    mongod: str = ""
    temporal: str = ""

    track_clicks: bool = True
    track_opens: bool = True
    campaign_parameters: bool = False

    broadcast_bounces: float = Field(default=0.05, ge=0, le=1)
    broadcast_complaints: float = Field(default=0.003, ge=0, le=1)

    adjustment_limit: int = Field(default=1_000, ge=0)

    connect_seconds: float = Field(default=3, gt=0)
    read_seconds: float = Field(default=10, gt=0)
    lease_seconds: float = Field(default=60, gt=0)
    sending_seconds: float = Field(default=90, gt=0)

    @model_validator(mode="after")
    def _times_are_in_order(self) -> Self:
        # A lease that ends while its owner still waits for the provider would send twice.
        times = (self.connect_seconds, self.read_seconds, self.lease_seconds, self.sending_seconds)
        if not all(shorter < longer for shorter, longer in pairwise(times)):
            msg = (
                "HUB_CONNECT_SECONDS < HUB_READ_SECONDS < HUB_LEASE_SECONDS < HUB_SENDING_SECONDS must hold, "
                f"but they are {times}."
            )
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _secret_is_long_enough(self) -> Self:
        length = len(self.secret_key.get_secret_value())
        if 0 < length < SHORTEST_SECRET:
            msg = f"HUB_SECRET_KEY must have at least {SHORTEST_SECRET} characters, but has {length}."
            raise ValueError(msg)
        if not length and self.env is Environment.PRODUCTION:
            msg = f"HUB_SECRET_KEY must be set to at least {SHORTEST_SECRET} characters when HUB_ENV is production."
            raise ValueError(msg)
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then the files it names."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, _FileSource(settings_cls)
