import subprocess
import sys

import pytest
from pydantic import SecretStr

from hub.settings import Environment, Settings
from integrations.calling import NotSetUp
from integrations.fcm.sender import FcmSender
from integrations.sendgrid.sender import SendGridSender
from integrations.smtp.sender import SmtpSender
from integrations.twilio.sender import TwilioSender
from runtime import wiring
from runtime.wiring import UnknownProvider
from tests.integrations import fcm_rules

REAL = {"env": Environment.PRODUCTION, "secret_key": "s" * 32, "push_provider": "none", "sms_provider": "none"}


def chosen(**settings: object) -> Settings:
    return Settings.model_validate({**REAL, **settings})


def test_the_setting_chooses_who_sends_mail() -> None:
    assert isinstance(wiring.senders(chosen(email_provider="smtp")).email, SmtpSender)
    keyed = chosen(email_provider="sendgrid", sendgrid_api_key=SecretStr("SG.key"))
    assert isinstance(wiring.senders(keyed).email, SendGridSender)


def test_the_setting_chooses_who_sends_sms() -> None:
    account = {"twilio_account_sid": "AC1", "twilio_auth_token": SecretStr("token"), "sms_from": "MG1"}

    assert isinstance(wiring.senders(chosen(sms_provider="twilio", email_provider="none", **account)).sms, TwilioSender)


def test_the_setting_chooses_who_sends_push() -> None:
    key = {"google_application_credentials": SecretStr(fcm_rules.service_account("https://google.example"))}

    senders = wiring.senders(chosen(email_provider="none", **{**key, "push_provider": "fcm"}))

    assert isinstance(senders.push, FcmSender)


def test_a_library_that_only_one_provider_needs_is_not_loaded_for_the_others() -> None:
    code = "import sys, runtime.wiring; sys.exit('firebase_admin' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_provider_that_nobody_knows_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownProvider) as caught:
        wiring.senders(chosen(email_provider="pigeon"))

    said = "HUB_EMAIL_PROVIDER is 'pigeon', but must be one of: console, smtp, sendgrid, none."
    assert caught.value.message == said


def test_a_provider_without_its_key_is_refused_at_start() -> None:
    with pytest.raises(NotSetUp) as caught:
        wiring.senders(chosen(email_provider="sendgrid"))

    assert caught.value.message == "HUB_EMAIL_PROVIDER=sendgrid needs SENDGRID_API_KEY, which is not set."
