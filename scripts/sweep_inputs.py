"""Gives every music file of some folders to models as an input, and counts what becomes of them.

    python scripts/sweep_inputs.py songs badfiles --output=sweep.md

Each file is reconstructed, one window and as a whole, interpolated to the file after it and, by a
groove model, humanized; what comes of it is written as MIDI and read again. Each must give music or
a reason in one line. Anything else is a fault: its traceback is shown, and the status is 1. Where
no model of a configuration ships, a small one of random weights stands in.
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import os
import pathlib
import re
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence

from musicvae.checkpoints import save_checkpoint
from musicvae.cli.generate_inputs import read_input
from musicvae.config import load_config
from musicvae.converters import build_converter, performance_converter
from musicvae.data.music_files import find_music_files
from musicvae.errors import MusicVAEError
from musicvae.formats.midi import midi_to_note_sequence
from musicvae.formats.midi_writing import note_sequence_to_midi
from musicvae.generate import TrainedModel
from musicvae.generate.grooves import play_groove
from musicvae.generate.modes import interpolate, reconstruct
from musicvae.generate.results import Piece, Result, SamplingOptions
from musicvae.model_choice import shipped_models
from musicvae.models import MusicVAE

CONFIGS = (
    "cat-drums_2bar_small",
    "cat-mel_2bar_small",
    "groovae_2bar_humanize",
    "cat-mel_2bar_med_chords",
    "hier-multiperf_vel_1bar_med",
    "hier-multiperf_vel_1bar_med_chords",
    "flat-trio_16bar",
)
WRITTEN = "music"
FAULT = "FAULT"

_WISHES = SamplingOptions(temperatures=(0.5,), seed=1)
_STEPS = 3

Mode = Callable[[TrainedModel, Piece, Piece], Result]

MODES: dict[str, Mode] = {
    "reconstruct": lambda model, piece, _: reconstruct(model, piece, 1, _WISHES),
    "reconstruct --whole": lambda model, piece, _: reconstruct(
        model, piece, 1, _WISHES, whole=True
    ),
    "interpolate": lambda model, piece, other: interpolate(model, piece, other, _STEPS, _WISHES),
    "humanize": lambda model, piece, _: play_groove(model, "humanize", piece, 1, _WISHES),
}


def load(name: str, folder: str) -> TrainedModel:
    """Loads a model that ships, or a small one of random weights that it writes to `folder`."""
    if name in shipped_models():
        return TrainedModel(name, batch_size=8)
    config = load_config(name)
    layers = len(config.hparams.dec_rnn_size)
    sizes = {"z_size": 8, "enc_rnn_size": (12,), "dec_rnn_size": (12,) * layers}
    config = dataclasses.replace(config, hparams=config.hparams.replace(**sizes))
    model = MusicVAE(config, build_converter(config.converter).spec, seed=1)
    prefix = save_checkpoint(os.path.join(folder, name), 1, model.named_variables)
    return TrainedModel(config, 8, prefix)


def pieces_of(folders: Sequence[str], every: int = 1) -> Iterator[tuple[str, Piece | str]]:
    """Yields each so many-th file with its piece, or with the reason why it cannot be read."""
    paths = [
        os.path.join(folder, file.name)
        for folder in folders
        for file in find_music_files(folder, recursive=True)
    ]
    for path in paths[::every]:
        try:
            yield path, read_input(path, "input")
        except MusicVAEError as error:
            yield path, reason(str(error).removeprefix(f"--input={path}: "), path)
        except Exception:
            traceback.print_exc()
            yield path, FAULT


def reason(message: str, *names: str) -> str:
    """Returns a message without what differs from file to file: names and numbers."""
    for name in names:
        message = message.replace(name, "FILE")
    return re.sub(r"\d+(\.\d+)?(e[+-]\d+)?", "N", message)


def outcome_of(mode: Mode, model: TrainedModel, piece: Piece, other: Piece, path: str) -> str:
    """Runs a mode and says what came of it."""
    try:
        result = mode(model, piece, other)
        for take in result.samples:
            written = midi_to_note_sequence(note_sequence_to_midi(take.sequence))
            assert len(written.notes) == len(take.sequence.notes), "notes were lost in writing"
            assert written.total_time < 7200, "it is hours long"
    except MusicVAEError as error:
        return reason(str(error), piece.name, other.name)
    except Exception:
        print(f"{model.config.name}: {path}", file=sys.stderr)
        traceback.print_exc()
        return FAULT
    return WRITTEN


def sweep(
    model: TrainedModel, pieces: Sequence[tuple[str, Piece | str]], jobs: Sequence[str]
) -> dict[str, collections.Counter[str]]:
    """Runs each job on every piece; returns how often each outcome came, by job."""
    found: dict[str, collections.Counter[str]] = {}
    for name in jobs:
        mode = MODES[name]
        performances = performance_converter(model.converter)
        learnt = performances.abilities if performances is not None else frozenset()
        if name == "humanize" and name not in learnt:
            continue
        counts = found[name] = collections.Counter[str]()
        for k, (path, piece) in enumerate(pieces):
            other = pieces[(k + 1) % len(pieces)][1]
            if isinstance(piece, str):
                counts[piece] += 1
            elif isinstance(other, str) and name == "interpolate":
                # What comes after it cannot be read: back to itself.
                counts[outcome_of(mode, model, piece, piece, path)] += 1
            else:
                assert isinstance(other, Piece) or name != "interpolate"
                end = other if isinstance(other, Piece) else piece
                counts[outcome_of(mode, model, piece, end, path)] += 1
        assert sum(counts.values()) == len(pieces)
    return found


def table(found: dict[str, dict[str, collections.Counter[str]]], *, with_reasons: bool) -> str:
    """Returns what was found as tables of Markdown."""
    lines = [
        "| configuration | job | files | music | a reason | faults |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for config, by_job in found.items():
        for spec, counts in by_job.items():
            total, music, faults = sum(counts.values()), counts[WRITTEN], counts[FAULT]
            rest = total - music - faults
            lines.append(f"| `{config}` | {spec} | {total} | {music} | {rest} | {faults} |")
    for config, by_job in found.items() if with_reasons else ():
        for spec, counts in by_job.items():
            lines += ["", f"{config}, {spec}:", ""]
            lines += [f"- {count}: {what}" for what, count in counts.most_common()]
    return "\n".join(lines)


def main() -> int:
    """Sweeps; returns 1 where there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", help="of music files, with their subfolders")
    parser.add_argument("--configs", default=",".join(CONFIGS), help="with commas between")
    parser.add_argument("--jobs", default=",".join(MODES), help="with commas between")
    parser.add_argument("--every", type=int, default=1, help="take only each so many-th file")
    parser.add_argument(
        "--output", type=pathlib.Path, help="where the counts are written, with reasons"
    )
    arguments = parser.parse_args()
    pieces = list(pieces_of(arguments.folders, arguments.every))
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.configs.split(","):
            began = time.monotonic()
            found[name] = sweep(load(name, folder), pieces, arguments.jobs.split(","))
            print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
            if arguments.output:
                arguments.output.write_text(table(found, with_reasons=True) + "\n", "utf-8")
    print(table(found, with_reasons=False))
    faults = sum(counts[FAULT] for by_job in found.values() for counts in by_job.values())
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
