"""The site that this machine's config describes, or what is known of it without one."""

from collections.abc import Callable
from pathlib import Path

from taptill import config as configs
from taptill.domain.errors import ConfigError
from taptill.install.checks.site import CheckedSite, UnreadableConfig
from taptill.wiring.readers import check_reader

_DEFAULTS = '[backend]\nbase_url = "http://localhost"\n'


def find_site(
    option: Path | None,
    state: Path,
    *,
    tap_s: float = 0,
    ask: Callable[[str], object] = str,
) -> CheckedSite:
    """Return the site of a config that is named, or else found, and of a state directory.

    Where the config is missing or holds mistakes, the site has defaults, and says what is wrong.
    """
    path = None
    try:
        path = configs.find_config(option)
        config, unreadable = configs.load(path, check_reader), None
    except ConfigError as fault:
        complaints = fault.fields["list"]
        assert isinstance(complaints, list)
        unreadable = UnreadableConfig(path, tuple(complaints))
        config = configs.parse(_DEFAULTS, for_office=True)
    return CheckedSite(config, state, tap_s=tap_s, ask=ask, unreadable=unreadable)
