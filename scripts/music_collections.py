"""The collections of music that the shipped models learn from: made ready, split and converted.

A table of recipes.toml says of each where it is, under which licence and whose it is, and besides:

- `keep_channels`: MIDI channels (from 1) whose notes stay, where a file holds more than is wanted;
- `drop_programs`: General MIDI programs (from 0) whose notes are left out;
- `split_csv`: a table in the folder that says to which part each file belongs;
- `split_by`: a regular expression whose group `song` is what a file's name is split by, so that
  variations of one song lie in one part;
- `split_with`: other collections that have the songs too. The group `collection` names one of them,
  and the song goes to the part in which it is there.

Without any of the last three, a file's part is a hash of its name.
"""

from __future__ import annotations

import csv
import os
import pathlib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

FRACTIONS = (0.8, 0.1, 0.1)
_MUSIC = (".mid", ".midi")


def convert(
    names: Iterable[str],
    tables: Mapping[str, Any],
    root: pathlib.Path,
    data: pathlib.Path,
    run_command: Callable[..., None],
) -> None:
    """Converts collections to TFRecords, unless they are there.

    Args:
      names: the collections.
      tables: theirs, of recipes.toml.
      root: the folder of their folders.
      data: where `NAME-train.tfrecord` and so on are written.
      run_command: runs one of the package's commands, given its module and its arguments.
    """
    data.mkdir(parents=True, exist_ok=True)
    for name in sorted(set(names)):
        if (data / f"{name}-train.tfrecord").exists():
            continue
        table = tables[name]
        folder = made_ready(root / table["folder"], table, data.parent / "midi" / name)
        if "split_csv" in table:
            split = f"--split_csv={folder / table['split_csv']}"
        elif "split_by" in table:
            written = data / f"{name}-split.csv"
            write_split(written, split_by_song(folder, table, tables, root))
            split = f"--split_csv={written}"
        else:
            split = f"--split={','.join(map(str, FRACTIONS))}"
        output = f"--output_file={data / f'{name}.tfrecord'}"
        run_command("convert", f"--input_dir={folder}", "--recursive", split, output)


def made_ready(folder: pathlib.Path, table: Mapping[str, Any], copy: pathlib.Path) -> pathlib.Path:
    """Returns a collection's folder, or a copy of it without the notes that are not wanted.

    Args:
      folder: the collection.
      table: its table.
      copy: where a copy is made; one that is there is used.
    """
    channels = {channel - 1 for channel in table.get("keep_channels", range(1, 17))}
    programs = set(table.get("drop_programs", ()))
    if (len(channels) == 16 and not programs) or copy.exists():
        return copy if copy.exists() else folder
    unfinished = copy.with_name(f".{copy.name}.{os.getpid()}")
    for path in music_files(folder):
        target = unfinished / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_without(path, target, channels, programs)
    os.replace(unfinished, copy)
    return copy


def write_without(
    path: pathlib.Path, target: pathlib.Path, channels: set[int], programs: set[int]
) -> None:
    """Copies a MIDI file without the events of other channels, and of some programs.

    Args:
      path: the file.
      target: where the copy is written.
      channels: those that stay, from 0.
      programs: those that are left out, from 0; a channel has the program that was last chosen.
    """
    import mido

    file = mido.MidiFile(path)
    for track in file.tracks:
        chosen = dict.fromkeys(range(16), 0)
        kept, waited = mido.MidiTrack(), 0
        for message in track:
            waited += message.time
            if not message.is_meta and hasattr(message, "channel"):
                if message.type == "program_change":
                    chosen[message.channel] = message.program
                if message.channel not in channels or chosen[message.channel] in programs:
                    continue
            kept.append(message.copy(time=waited))
            waited = 0
        track[:] = kept
    file.save(target)


def split_by_song(
    folder: pathlib.Path,
    table: Mapping[str, Any],
    tables: Mapping[str, Any],
    root: pathlib.Path,
) -> dict[str, str]:
    """Returns the part of every file of a collection whose songs are split as wholes.

    Args:
      folder: the collection.
      table: its table, with `split_by`.
      tables: of all collections.
      root: the folder of their folders.

    Returns:
      Name of the file, relative to the folder -> "train", "validation" or "test".

    Raises:
      ValueError: a name does not match `split_by`.
    """
    from musicvae.data.splits import HashSplit

    hashed = HashSplit(FRACTIONS)
    originals = {
        name: {
            plain(path.stem): path.relative_to(root / tables[name]["folder"]).as_posix()
            for path in music_files(root / tables[name]["folder"])
        }
        for name in table.get("split_with", ())
    }
    parts = {}
    for path in music_files(folder):
        name = path.relative_to(folder).as_posix()
        match = re.match(table["split_by"], name)
        if match is None:
            raise ValueError(f"{path}: the name does not match split_by = {table['split_by']!r}")
        groups = match.groupdict()
        collection = groups.get("collection")
        song = groups["song"]
        # A song that its collection has is hashed by its name there, any other by its own.
        original = originals.get(collection or "", {}).get(plain(song), song)
        parts[name] = hashed.part_of(original)
    return parts


def plain(title: str) -> str:
    """Returns a title's letters and digits alone, by which two spellings of it are the same."""
    return re.sub(r"[^a-z0-9]", "", title.lower())


def write_split(path: pathlib.Path, parts: Mapping[str, str]) -> None:
    """Writes the table that `musicvae-convert --split_csv` takes."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["filename", "split"])
        writer.writerows(sorted(parts.items()))


def music_files(folder: pathlib.Path) -> list[pathlib.Path]:
    """Returns the MIDI files of a folder and those in it, in order of name."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in _MUSIC)


def examples_path(
    data: pathlib.Path,
    names: Iterable[str],
    part: str,
    weights: Mapping[str, float] | None = None,
) -> str:
    """Returns what `--examples_path` takes for one part of some collections.

    Args:
      data: the folder of the TFRecords.
      names: the collections.
      part: train, validation or test.
      weights: how often each is taken; 1 where it is not named.
    """
    weights = weights or {}
    paths = []
    for name in names:
        path = str(data / f"{name}-{part}.tfrecord")
        paths.append(f"{path}:{weights[name]:g}" if weights.get(name, 1) != 1 else path)
    return ",".join(paths)
