"""The flags that say which music a command reads: a folder of files, or TFRecords."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from absl import flags, logging

from musicvae.cli.flags import define_drum_channel, define_path, define_pitch_map
from musicvae.errors import InputError

if TYPE_CHECKING:
    from musicvae.converters import PitchMap
    from musicvae.data.music_folder import MusicFolder
    from musicvae.data.records import RecordSource, TFRecordSource


def define_source_flags(
    values: flags.FlagValues,
    *,
    examples_help: str = "TFRecords of NoteSequences in place of a folder; globs, commas.",
    what: str = "windows",
) -> None:
    """Defines input_dir, examples_path, recursive, drum_channel, pitch_map and num_workers.

    Args:
      values: the command's flags.
      examples_help: what --examples_path is.
      what: what is looked for in the music.
    """
    define_path("input_dir", None, "Folder of MIDI, MusicXML or ABC.", values)
    flags.DEFINE_string("examples_path", None, examples_help, flag_values=values)
    flags.DEFINE_boolean("recursive", False, "Search its subfolders, too.", flag_values=values)
    define_drum_channel(values)
    define_pitch_map(values)
    flags.DEFINE_integer(
        "num_workers",
        0,
        f"Number of processes that extract {what}; 0 for one per core.",
        0,
        flag_values=values,
    )


def music_source(
    values: dict[str, Any],
    stored: str | None = None,
    missing: str = "the music",
) -> TFRecordSource | MusicFolder:
    """Returns where the music is.

    Args:
      values: the command's flags.
      stored: TFRecords to take where none are given, such as a run folder's.
      missing: what to ask for where there is none.

    Raises:
      InputError: none or two sources are given, or files are missing.
    """
    from musicvae.data.music_folder import MusicFolder
    from musicvae.data.records import TFRecordSource

    if values["examples_path"] and values["input_dir"]:
        raise InputError("--examples_path and --input_dir exclude each other; give one")
    path = values["examples_path"] or stored
    if not values["input_dir"] and not path:
        raise InputError(
            f"give {missing}: --input_dir, or --examples_path (TFRecords, which `musicvae-convert` "
            "makes)"
        )
    source: TFRecordSource | MusicFolder
    if values["input_dir"]:
        channels = tuple(values["drum_channel"])
        source = MusicFolder(values["input_dir"], values["recursive"], log_skipped, channels)
    else:
        source = TFRecordSource((str(path),))
    source.check()
    return source


def define_groups(values: flags.FlagValues, text: str) -> None:
    """Defines groups, whose folders may follow it as `--groups=jazz/ rock/`.

    Args:
      values: the command's flags.
      text: the flag's help.
    """
    flags.DEFINE_list("groups", [], text, flag_values=values)


def add_folders(values: dict[str, Any], folders: list[str]) -> None:
    """Adds the arguments that are no flags to --groups.

    Args:
      values: the command's flags, changed.
      folders: the arguments.

    Raises:
      InputError: there is no --groups, or it is given beside other music.
    """
    # The flag's own list stays as it is.
    values["groups"] = [*values["groups"], *folders]
    if folders and len(values["groups"]) == len(folders):
        raise InputError(f"unexpected argument '{folders[0]}'; folders belong to --groups")
    if values["groups"] and (values["examples_path"] or values["input_dir"]):
        raise InputError("--groups takes the place of --examples_path and --input_dir")


def group_sources(values: dict[str, Any]) -> list[tuple[str, RecordSource]]:
    """Returns label and music of each folder of --groups.

    Args:
      values: the command's flags.

    Raises:
      InputError: one folder is given, two have the same name, or one has no music.
    """
    from musicvae.data.music_folder import MusicFolder
    from musicvae.generate.learning_groups import label_of

    sources: list[tuple[str, RecordSource]] = []
    if len(values["groups"]) == 1:
        raise InputError(f"--groups={values['groups'][0]}: give two folders or more")
    for folder in map(str, values["groups"]):
        path = str(Path(folder).expanduser())
        if not Path(path).is_dir():
            raise InputError(f"--groups: '{folder}' is no folder")
        label = label_of(path)
        if label in [name for name, _ in sources]:
            raise InputError(f"--groups: two folders are called '{label}'; rename one")
        source = MusicFolder(path, values["recursive"], log_skipped, tuple(values["drum_channel"]))
        source.check()
        sources.append((label, source))
    return sources


def chosen_pitch_map(values: dict[str, Any]) -> PitchMap:
    """Returns which drum pitches belong to which class: as given, else as the source has them."""
    is_folder = values["input_dir"] or values.get("groups")
    usual: PitchMap = "inference" if is_folder else "training"
    chosen: PitchMap = values["pitch_map"] or usual
    return chosen


def log_skipped(name: str, reason: str) -> None:
    """Warns of a file that cannot be read."""
    logging.warning("%s: skipped: %s", name, reason)
