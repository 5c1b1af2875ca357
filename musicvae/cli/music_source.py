"""The flags that say which music a command reads: a folder of files, or TFRecords."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from absl import flags, logging

from musicvae.cli.flags import define_drum_channel, define_path, define_pitch_map
from musicvae.errors import InputError

if TYPE_CHECKING:
    from musicvae.converters import PitchMap
    from musicvae.data.music_folder import MusicFolder
    from musicvae.data.records import TFRecordSource


def define_source_flags(values: flags.FlagValues) -> None:
    """Defines input_dir, examples_path, recursive, drum_channel, pitch_map and num_workers.

    Args:
      values: the command's flags.
    """
    define_path("input_dir", None, "Folder of MIDI, MusicXML or ABC.", values)
    flags.DEFINE_string(
        "examples_path",
        None,
        "TFRecords of NoteSequences in place of a folder; globs, commas.",
        flag_values=values,
    )
    flags.DEFINE_boolean("recursive", False, "Search its subfolders, too.", flag_values=values)
    define_drum_channel(values)
    define_pitch_map(values)
    flags.DEFINE_integer(
        "num_workers",
        0,
        "Number of processes that extract windows; 0 for one per core.",
        0,
        flag_values=values,
    )


def music_source(values: dict[str, Any]) -> TFRecordSource | MusicFolder:
    """Returns where the music is.

    Args:
      values: the command's flags.

    Raises:
      InputError: none or two sources are given, or files are missing.
    """
    from musicvae.data.music_folder import MusicFolder
    from musicvae.data.records import TFRecordSource

    if bool(values["examples_path"]) == bool(values["input_dir"]):
        raise InputError("give the music: either --input_dir or --examples_path (TFRecords)")
    source: TFRecordSource | MusicFolder
    if values["input_dir"]:
        channels = tuple(values["drum_channel"])
        source = MusicFolder(values["input_dir"], values["recursive"], log_skipped, channels)
    else:
        source = TFRecordSource((values["examples_path"],))
    source.check()
    return source


def chosen_pitch_map(values: dict[str, Any]) -> PitchMap:
    """Returns which drum pitches belong to which class: as given, else as the source has them."""
    usual: PitchMap = "inference" if values["input_dir"] else "training"
    chosen: PitchMap = values["pitch_map"] or usual
    return chosen


def log_skipped(name: str, reason: str) -> None:
    """Warns of a file that cannot be read."""
    logging.warning("%s: skipped: %s", name, reason)
