"""Calls a function that a plugin named by `"module:attribute"`; what goes wrong becomes an error that names the plugin.

Knows nothing of what the functions are for.
"""

from __future__ import annotations

from types import UnionType
from typing import TYPE_CHECKING, Any

from hub.errors import HubError, PluginBroken

if TYPE_CHECKING:
    from hub.plugin.host import Host, Provided

__all__ = ["ask"]


def ask(
    host: Host,
    provided: Provided[Any],  # Any: a spec of any kind
    target: str,
    *arguments: object,
    answer: type | UnionType = object,
) -> Any:  # Any: of the type that `answer` says
    """Call a function of a plugin.

    Parameters
    ----------
    answer
        What the contract says that it returns.

    Raises
    ------
    HubError
        As the function raised it.
    PluginBroken
        It cannot be imported, raised something else, left the process, or returned something else.
    """
    function = host.resolve(provided, target)
    who = f"{provided.distribution} {provided.version}"
    hint = f"Update it: hub plugin install --upgrade {provided.distribution}"
    try:
        found = function(*arguments)
    except HubError:
        raise
    except (Exception, SystemExit) as error:
        reason = f"{type(error).__name__}: {error}".rstrip(": ")
        raise PluginBroken(f"{who} failed in {target}: {reason}", hint=hint) from error
    if not isinstance(found, answer):
        expected = answer.__name__ if isinstance(answer, type) else str(answer)
        raise PluginBroken(f"{who} gave {type(found).__name__} from {target}, not {expected}", hint=hint)
    return found
