"""What a technician may do about a config that set-up cannot take up."""

from collections.abc import Iterator
from pathlib import Path

from taptill.config.layers import config_error, merge_with_included, read_layer
from taptill.domain.errors import ConfigError
from taptill.domain.technical.command_line import command_line
from taptill.install.setup.places import SetupPlaces, kept_config


def with_ways_on(places: SetupPlaces, fault: ConfigError) -> ConfigError:
    """Return the complaints about a config, and the commands that lead on where it is no TOML."""
    complaints, path = fault.fields["list"], fault.fields.get("path")
    assert isinstance(complaints, list)
    if not isinstance(path, Path):
        return fault
    return config_error([*complaints, *_ways(places, path, fault.fields["line"])])


def _ways(places: SetupPlaces, path: Path, line: object) -> Iterator[str]:
    """Yield a sentence for each way on; `path` is the config, or a file that it includes."""
    config, kept = places.config, kept_config(places)
    as_root = ("sudo",) if places.account else ()
    again = command_line(*as_root, *places.command("setup"))
    yield f"mend it there: {command_line(*as_root, 'editor', f'+{line}', path)}; then {again}"
    if kept.is_file() and _is_whole(kept, config):
        taken = command_line(*as_root, "cp", kept, config)
        yield f"or take the one that was there before the last set-up: {taken}; then {again}"
    moving = (*as_root, "mv", "--backup=numbered")  # one that was moved away earlier stays
    away = command_line(*moving, config, config.with_name(f"{config.name}.broken"))
    yield f"or begin afresh, without what stands there: {away}; then {again}"


def _is_whole(kept: Path, config: Path) -> bool:
    """Return whether a kept config, in the place of `config`, is TOML with all that it includes."""
    try:
        merge_with_included(config, read_layer(kept, ""))
    except ConfigError:
        return False
    return True
