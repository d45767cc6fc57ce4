"""Reads the settings of a process, once, at its start."""

from pydantic import ValidationError
from pydantic_settings import SettingsError

from hub.settings import Settings, variables_of
from runtime.errors import WrongSettings


def read_settings() -> Settings:
    """Read the environment.

    Raises:
        WrongSettings: a variable has a value that cannot be, or names a file that cannot be read.
    """
    try:
        return Settings()
    except ValidationError as error:
        faults = [_sentence(fault["loc"], fault["msg"]) for fault in error.errors(include_input=False)]
        raise WrongSettings(" ".join(faults)) from None
    except SettingsError as error:
        # The cause is the file that cannot be read, or the place where a list is no JSON; neither repeats a value.
        raise WrongSettings(f"The settings cannot be read: {error.__cause__ or error}.") from None


def _sentence(place: tuple[str | int, ...], message: str) -> str:
    reason = message.removeprefix("Value error, ")
    if not place:
        return reason
    name = str(place[0])
    field = Settings.model_fields.get(name)
    variable = variables_of(field, name)[0] if field else name
    # Inside an object: as the variable of that field is written.
    return f"{'__'.join([variable, *(str(it).upper() for it in place[1:])])}: {reason}."
