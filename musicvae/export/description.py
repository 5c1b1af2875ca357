"""model.json: all that a program in another language needs to use an exported model.

It names the tensors that go in and come out, and says how steps become notes. Shapes are lists in
which a name stands for a size that the caller chooses: "batch", "steps".
"""

from __future__ import annotations

import json
from typing import Any

from musicvae.converters.drum_classes import REDUCED, DrumClasses
from musicvae.export.decoder_program import DecoderProgram, num_segments
from musicvae.export.draws import Categories
from musicvae.export.source import ExportSource

FILE_VERSION = 1
_NOISE = {
    "gumbel": "Gumbel noise of every class, -log(-log(u)) with u uniform in 0..1; 0 for none",
    "uniform": "uniform in 0..1 for every hit; 0.5 for none",
}


def tensors(source: ExportSource, decoder: DecoderProgram) -> dict[str, dict[str, Any]]:
    """Returns the inputs and outputs of encoder and decoder.

    Args:
      source: the model.
      decoder: its decoder's program, in any graph.

    Returns:
      "encoder" and "decoder" with "inputs" and "outputs" each: dtype, shape and meaning by name.
    """
    spec, z_size = source.spec, source.config.hparams.z_size
    fixed = num_segments(source.config.decoder)
    steps: Any = source.config.hparams.max_seq_len if fixed else "steps"
    read: Any = source.config.hparams.max_seq_len if _reads_levels(source) else "steps"
    columns = sum(
        len(draw.depths) if isinstance(draw, Categories) else draw.depth for draw in decoder.draws
    )
    is_labels = isinstance(decoder.draws[0], Categories)
    lengths: list[Any] = ["batch", spec.num_segments] if spec.num_segments else ["batch"]
    z = _tensor("float32", ["batch", z_size], "latent vectors, drawn from N(0, 1) for new music")
    encoder_inputs = {
        "inputs": _tensor(
            "float32", ["batch", read, spec.input_depth], "steps; see representation"
        ),
        "lengths": _tensor("int32", lengths, "steps that count"),
    }
    decoder_inputs = {
        "z": z,
        "noise": _tensor(
            "float32", ["batch", steps, decoder.noise_depth], _NOISE[decoder.draws[0].noise]
        ),
        "temperature": _tensor("float32", [], "at least 0; 0 takes the likeliest"),
    }
    if spec.control_depth:
        for given, size in ((encoder_inputs, read), (decoder_inputs, steps)):
            given["controls"] = _tensor(
                "float32", ["batch", size, spec.control_depth], "controls of each step"
            )
    outputs = (
        {"labels": _tensor("int32", ["batch", steps, columns], "classes; -1 past an end")}
        if is_labels
        else {"steps": _tensor("float32", ["batch", steps, columns], "steps; see representation")}
    )
    if decoder.ends:
        shape: list[Any] = ["batch", fixed] if fixed else ["batch"]
        outputs["lengths"] = _tensor("int32", shape, "steps up to and with the end token")
    found = {"decoder": {"inputs": decoder_inputs, "outputs": outputs}}
    if source.has_encoder:
        posterior = {
            name: _tensor("float32", ["batch", z_size], meaning)
            for name, meaning in (("mu", "means"), ("sigma", "standard deviations"))
        }
        found["encoder"] = {"inputs": encoder_inputs, "outputs": posterior}
    return found


def describe(
    source: ExportSource, decoder: DecoderProgram, file_format: str, files: dict[str, str]
) -> bytes:
    """Returns the content of model.json.

    Args:
      source: the model.
      decoder: its decoder's program.
      file_format: "onnx", "tflite" or "savedmodel".
      files: the file of "encoder" and "decoder", or the signature in a SavedModel.
    """
    functions = tensors(source, decoder)
    content = {
        "format": file_format,
        "version": FILE_VERSION,
        "config": source.config.name,
        "description": source.config.description,
        "checkpoint_step": source.step,
        "z_size": source.config.hparams.z_size,
        "num_steps": source.config.hparams.max_seq_len,
        "num_segments": num_segments(source.config.decoder),
        "representation": representation(source),
    }
    for name, function in sorted(functions.items()):
        content[name] = {"file": files[name], **function}
    return (json.dumps(content, indent=1) + "\n").encode()


def representation(source: ExportSource) -> dict[str, Any]:
    """Returns how steps become notes, and notes steps."""
    return {
        "type": source.config.converter.type,
        **_REPRESENTATIONS[source.config.converter.type](source.converter.config, source),
    }


def _tensor(dtype: str, shape: list[Any], meaning: str) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "meaning": meaning}


def _reads_levels(source: ExportSource) -> bool:
    return source.config.encoder.type == "hierarchical_lstm"


def _lists(classes: DrumClasses) -> list[list[int]]:
    return [list(pitches) for pitches in classes]


def _grid(per_quarter: int = 4) -> dict[str, int]:
    return {"steps_per_quarter": per_quarter, "steps_per_bar": 4 * per_quarter}


def _voice(low: int, high: int) -> dict[str, Any]:
    return {
        "min_pitch": low,
        "max_pitch": high,
        "labels": "0 goes on (a note or silence), 1 ends the note, 2 + p starts min_pitch + p",
    }


def _melody(options: Any, source: ExportSource) -> dict[str, Any]:
    found = {**_grid(), **_voice(options.min_pitch, options.max_pitch), "velocity": 80}
    found["inputs"] = "one-hot labels"
    return {**found, **_chords(options)}


def _chords(options: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if options.chord_encoding:
        found["chords"] = (
            "controls 0..48, one-hot: 0 no chord, then by root C, C#, .. B: 1 + root major, "
            "13 + root minor, 25 + root augmented, 37 + root diminished"
        )
    if getattr(options, "condition_on_key", False):
        found["keys"] = "controls 49..60, one-hot: the pitch class of the tonic"
    return found


def _drums(options: Any, source: ExportSource) -> dict[str, Any]:
    found: dict[str, Any] = {**_grid(), "velocity": 80, "classes": _lists(options.table)}
    found["inputs"] = "a column a class, 1 where it is hit, and one that is 1 where nothing is"
    if options.roll_output:
        found["steps"] = "a column a class, 1 where it is hit"
    else:
        found["labels"] = "bit k (2^k) is set where class k is hit"
    return found


def _trio(options: Any, source: ExportSource) -> dict[str, Any]:
    from musicvae.converters.trio import BASS_PROGRAM, MAX_PITCH, MIN_PITCH

    voice = _voice(MIN_PITCH, MAX_PITCH)
    drums = {"classes": _lists(REDUCED), "labels": "bit k (2^k) is set where class k is hit"}
    return {
        **_grid(),
        "velocity": 80,
        "inputs": "the one-hot labels of melody, bass and drums side by side",
        "parts": [
            {"name": "melody", "depth": source.spec.part_depths[0], "program": 0, **voice},
            {"name": "bass", "depth": source.spec.part_depths[1], "program": BASS_PROGRAM, **voice},
            {"name": "drums", "depth": source.spec.part_depths[2], "is_drum": True, **drums},
        ],
    }


def _groove(options: Any, source: ExportSource) -> dict[str, Any]:
    from musicvae.converters.groove import PITCH_MAPS, TAP_COLUMN

    classes = _lists(PITCH_MAPS["inference"])
    n = len(classes)
    found: dict[str, Any] = {
        **_grid(),
        "classes": classes,
        "steps": f"columns 0..{n - 1} hits (0 or 1), {n}..{2 * n - 1} velocity / 127, "
        f"{2 * n}..{3 * n - 1} offsets: a note starts at step - offset / 2",
        "inputs": "as steps; offset = 2 * (step - onset in steps), -1..1; 0 where nothing is hit",
        "input_lacks": {
            "velocities": options.humanize or options.fixed_velocities,
            "offsets": options.humanize,
            "classes": list(options.add_instruments or ()),
            "all_but_the_loudest_hit_of_a_step_in_column": TAP_COLUMN if options.tapify else None,
        },
    }
    if options.hits_as_controls:
        found["controls"] = "the hits, a column a class"
    return found


def _multitrack(options: Any, source: ExportSource) -> dict[str, Any]:
    from musicvae.converters.performance import NUM_PITCHES, STEPS_PER_BAR, STEPS_PER_QUARTER

    bins, programs = options.num_velocity_bins, 129
    events = 2 * NUM_PITCHES + STEPS_PER_BAR + bins
    return {
        **_grid(STEPS_PER_QUARTER),
        "tracks": options.max_num_instruments,
        "tokens_per_track": options.max_events_per_instrument,
        "inputs": "one-hot tokens, track after track; a track is program, events, end token",
        "labels": {
            "note_on": {"first": 0, "count": NUM_PITCHES, "value": "pitch"},
            "note_off": {"first": NUM_PITCHES, "count": NUM_PITCHES, "value": "pitch"},
            "time_shift": {
                "first": 2 * NUM_PITCHES, "count": STEPS_PER_BAR, "value": "steps - 1"
            },
            "velocity": {
                "first": 2 * NUM_PITCHES + STEPS_PER_BAR,
                "count": bins,
                "value": f"bin; velocity is 1 + bin * {128 // bins}",
            },
            "program": {"first": events, "count": programs, "value": "program; 128 is drums"},
            "end": {"first": events + programs, "count": 1, "value": "end of the track"},
        },
        **_chords(options),
    }  # fmt: skip


_REPRESENTATIONS = {
    "drums": _drums,
    "groove": _groove,
    "melody": _melody,
    "multitrack": _multitrack,
    "trio": _trio,
}
