from pathlib import Path
from typing import Any

import pytest
import yaml

from hub.settings import Environment, Settings, variables_of

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
OURS = {name: service for name, service in COMPOSE["services"].items() if "build" in service}
KNOWN = {variable for name, field in Settings.model_fields.items() for variable in variables_of(field, name)}


def test_the_hub_runs_as_one_migration_and_three_processes() -> None:
    assert {name: service["command"] for name, service in OURS.items()} == {
        name: ["hub", name] for name in ("migrate", "api", "worker", "router")
    }


@pytest.mark.parametrize("service", OURS)
def test_a_service_of_ours_is_given_only_variables_that_the_settings_know(service: str) -> None:
    assert set(OURS[service]["environment"]) - KNOWN == set()


@pytest.mark.parametrize("service", OURS)
def test_the_environment_of_a_service_makes_settings_for_production(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in OURS[service]["environment"].items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("HUB_SECRET_KEY", "x" * 32)

    settings = Settings()

    assert settings.env is Environment.PRODUCTION
    assert settings.mongo_url.get_secret_value() == "mongodb://mongo:27017/hub?replicaSet=rs0"
    assert settings.temporal_address == "temporal:7233"


def test_every_service_that_is_waited_for_exists() -> None:
    services = COMPOSE["services"]
    waited_for = {needed for service in services.values() for needed in service.get("depends_on", {})}

    assert waited_for - set(services) == set()
