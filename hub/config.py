"""Where things lie and what the user has set, read when asked and never at import.

A setting comes from its environment variable, else from `config.json` in the home folder, else from its default.
Knows nothing of what is kept in the folders.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hub.atomic import write_atomically
from hub.errors import StorageError, UsageError

__all__ = ["SETTINGS", "Setting", "get", "home", "hub_token", "hubs", "items", "put", "remove", "stored"]

Value = bool | str | list[str]

_HUB_NAME = re.compile(r"[a-z][a-z0-9-]+")
_SCHEMES = {"file", "hf", "http", "https", "pypi"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One setting: its environment variable, its default (which gives its type) and what it does."""

    name: str
    env: str
    default: Value
    help: str


SETTINGS: Mapping[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting(
            name="allow_pickle",
            env="HUB_ALLOW_PICKLE",
            default=False,
            help="Open weights of formats that can carry code, where a registry lists them.",
        ),
        Setting(name="device", env="HUB_DEVICE", default="auto", help="Device that plans prefer: auto, cpu, cuda, …"),
        Setting(name="disabled_plugins", env="HUB_DISABLE_PLUGINS", default=[], help="Plugins that are not loaded."),
        Setting(name="hubs", env="HUB_HUBS", default=[], help="Hubs by name: team=https://hub.example.com, …"),
        Setting(name="offline", env="HUB_OFFLINE", default=False, help="Never use the network."),
        Setting(name="registries", env="HUB_REGISTRIES", default=[], help="More registries: paths or https addresses."),
    )
}


def home() -> Path:
    """Folder of everything that `hub` keeps: `HUB_HOME`, else the platform's user data folder. May not exist yet."""
    given = os.environ.get("HUB_HOME")
    if given:
        return Path(given).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("openmodelhub", appauthor=False)


def get(name: str) -> Value:
    """Value of a setting; the environment wins.

    Raises
    ------
    UsageError
        There is no such setting, or its value is not of its type.
    """
    setting = _setting(name)
    raw = os.environ.get(setting.env)
    if raw is not None:
        return parse(setting, raw)
    return _stored().get(name, setting.default)


def stored(name: str) -> Value:
    """What `config.json` keeps for a setting, else its default; the environment is not looked at."""
    setting = _setting(name)
    return _stored().get(name, setting.default)


def hubs() -> dict[str, str]:
    """Address of each hub that has a name here: `hub run NAME:org/name` uses it.

    Raises
    ------
    UsageError
        A name is none, or the address is not one of the web.
    """
    found = {}
    given = get("hubs")
    for entry in given if isinstance(given, list) else []:
        name, _, url = entry.partition("=")
        odd = not _HUB_NAME.fullmatch(name) or name in _SCHEMES or not url.startswith(("https://", "http://"))
        if odd:
            raise UsageError(
                f"setting 'hubs' has '{entry}', which is no NAME=https://…",
                hint="Names are letters, digits and '-', and none of " + ", ".join(sorted(_SCHEMES)),
            )
        found[name] = url.rstrip("/")
    return found


def hub_token(name: str) -> str | None:
    """Token for a hub that has a name here, and for no other: of the environment variable `HUB_TOKEN_<NAME>`."""
    return os.environ.get("HUB_TOKEN_" + name.upper().replace("-", "_"))


def items() -> list[tuple[Setting, Value, str]]:
    """Every setting with its value and where that comes from: `environment`, `config` or `default`."""
    stored = _stored()
    rows: list[tuple[Setting, Value, str]] = []
    for setting in SETTINGS.values():
        origin = "config" if setting.name in stored else "default"
        rows.append((setting, get(setting.name), "environment" if setting.env in os.environ else origin))
    return rows


def put(name: str, value: Value) -> None:
    """Keep a setting in `config.json`."""
    setting = _setting(name)
    if type(value) is not type(setting.default):
        value = parse(setting, str(value))
    _write({**_stored(), name: value})


def remove(name: str) -> None:
    """Go back to the default."""
    _setting(name)
    _write({key: value for key, value in _stored().items() if key != name})


def parse(setting: Setting, text: str) -> Value:
    """Read a setting from text: lists are separated by commas."""
    if isinstance(setting.default, list):
        return [part.strip() for part in text.split(",") if part.strip()]
    if isinstance(setting.default, bool):
        lowered = text.strip().lower()
        if lowered in {"1", "true", "yes", "on"}:
            return True
        if lowered in {"", "0", "false", "no", "off"}:
            return False
        raise UsageError(f"setting '{setting.name}' takes true or false, not '{text}'")
    return text


def _setting(name: str) -> Setting:
    try:
        return SETTINGS[name]
    except KeyError:
        raise UsageError(
            f"there is no setting '{name}'", hint="Settings: " + ", ".join(sorted(SETTINGS)) + ". See: hub config"
        ) from None


def _path() -> Path:
    return home() / "config.json"


def _stored() -> dict[str, Value]:
    path = _path()
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}", hint=f"Mend or delete {path}") from error
    if not isinstance(content, dict):
        raise UsageError(f"{path} holds no JSON object", hint=f"Mend or delete {path}")
    return content


def _write(content: Mapping[str, Value]) -> None:
    path, text = _path(), json.dumps(content, indent=2, ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, f"{text}\n".encode(), mode=0o600)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror or error}") from error
