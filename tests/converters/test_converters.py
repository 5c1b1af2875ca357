"""What holds for every converter: frozen, lossless, deterministic, bounded, and never raising."""

from __future__ import annotations

import dataclasses
import math
import pathlib
import pickle
import subprocess
import sys
import time
import tracemalloc

import numpy as np
import pytest
from handmade_music import (
    STEP,
    add_chords,
    converter_of,
    drum,
    note,
    piece,
    read_sequences,
    reasons,
    scale,
)

from musicvae.components import Component, Options
from musicvae.config import list_configs
from musicvae.converters import CONVERTERS, REASONS, build_converter, drum_converter
from musicvae.errors import ConfigError, InputError
from musicvae.lazy_note_seq import NoteSequence

CONFIGS = [config.name for config in list_configs()]
# One for each kind of compact form.
KINDS = [
    "cat-mel_2bar_big",
    "cat-mel_2bar_med_chords",
    "cat-drums_2bar_small",
    "nade-drums_2bar_full",
    "groovae_2bar_tap_fixed_velocity_note_dropout",
    "groovae_2bar_hits_control_tfds",
    "hierdec-trio_16bar",
    "hier-multiperf_vel_1bar_med_chords",
]
_FOLDER = pathlib.Path(__file__).resolve().parents[1] / "golden" / "data"


@pytest.fixture(scope="module")
def sequences():
    return list(read_sequences(_FOLDER / "sequences.npz").values())


@pytest.fixture(scope="module", params=KINDS)
def extracted(request, sequences):
    """A converter and compact examples of real music."""
    converter = converter_of(request.param)
    found = [converter.extract_compact(sequence).arrays for sequence in sequences]
    batch = {name: np.concatenate([each[name] for each in found])[:200] for name in found[0]}
    assert len(next(iter(batch.values()))) > 0
    return converter, batch


def test_every_configuration_of_magentas_has_a_converter_of_its_depths(golden):
    import json

    known = json.loads((golden / "configs.json").read_text())
    assert len(known) == 23
    for config, described in known.items():
        depths = described["depths"]
        spec = converter_of(config).spec
        assert (spec.input_depth, spec.output_depth, spec.control_depth) == (
            depths["input"],
            depths["output"],
            depths["control"],
        ), config


def test_every_reason_is_listed_and_every_listed_reason_is_used():
    folder = pathlib.Path(sys.modules["musicvae.converters"].__file__).parent
    source = "".join(
        path.read_text(encoding="utf-8") for path in folder.glob("*.py") if path.stem != "base"
    ).replace('f"no_{role}"', '"no_melody" "no_bass" "no_drums"')
    for reason in REASONS:
        assert f'"{reason}"' in source


@pytest.mark.parametrize("config", KINDS)
def test_fault_15_a_converter_is_frozen_and_equal_to_its_like(config):
    one, other = converter_of(config), converter_of(config)
    assert one == other
    assert hash(one) == hash(other)
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.config = other.config
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.config.max_tensors_per_input = 1


@pytest.mark.parametrize("config", KINDS)
def test_a_converter_can_be_pickled(config, sequences):
    converter = converter_of(config)
    copy = pickle.loads(pickle.dumps(converter))
    assert copy == converter
    one, other = (each.extract_compact(sequences[0]).arrays for each in (converter, copy))
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_the_compact_form_of_an_example_gives_the_example_again(extracted):
    converter, batch = extracted
    expanded = converter.expand(batch)
    examples = [type_of(row) for row in zip(*expanded, strict=True)]
    again = [converter.compact(example) for example in examples]
    stacked = {name: np.stack([each[name] for each in again]) for name in again[0]}
    assert set(stacked) == set(batch)
    for name, array in batch.items():
        assert stacked[name].dtype == array.dtype
        assert np.array_equal(stacked[name], array)
    for one, other in zip(converter.expand(stacked), expanded, strict=True):
        assert one.dtype == other.dtype
        assert np.array_equal(one, other)


def type_of(row):
    from musicvae.converters import Example

    return Example(*row)


def test_tensors_have_the_depths_and_types_that_are_promised(extracted):
    converter, batch = extracted
    inputs, outputs, controls, lengths = converter.expand(batch)
    size, spec = len(inputs), converter.spec
    assert inputs.shape == (size, converter.num_steps, spec.input_depth)
    assert outputs.shape == (size, converter.num_steps, spec.output_depth)
    assert controls.shape == (size, converter.num_steps, spec.control_depth)
    assert lengths.shape == ((size, spec.num_segments) if spec.num_segments else (size,))
    assert lengths.dtype == np.int32
    assert {inputs.dtype, outputs.dtype} <= {np.dtype(bool), np.dtype(np.float32)}


def test_extracting_compactly_and_fully_finds_the_same(extracted, sequences):
    converter, _ = extracted
    sequence = sequences[4]
    full, compact = converter.extract(sequence), converter.extract_compact(sequence)
    assert full.origins == compact.origins
    assert full.rejections == compact.rejections
    assert len(full.examples) == len(full.origins)
    for name, array in compact.arrays.items():
        ours = [converter.compact(example)[name] for example in full.examples]
        assert np.array_equal(np.stack(ours), array) if ours else len(array) == 0


def test_no_argument_is_changed(extracted, sequences):
    converter, batch = extracted
    before = {name: array.copy() for name, array in batch.items()}
    converter.transpose(batch, np.full(len(next(iter(batch.values()))), 3))
    drums = drum_converter(converter)
    if drums is not None:
        drums.drop_notes(batch, np.random.default_rng(0))
    converter.expand(batch)
    assert all(np.array_equal(batch[name], before[name]) for name in before)
    text = sequences[0].SerializeToString()
    converter.extract(sequences[0])
    assert sequences[0].SerializeToString() == text


def test_transposing_there_and_back_changes_nothing(extracted):
    converter, batch = extracted
    size = len(next(iter(batch.values())))
    # Up and down by one: notes at the edge of the range keep an example where it is.
    up = converter.transpose(batch, np.ones(size, int))
    moved = np.array(
        [
            any(not np.array_equal(up[name][i], batch[name][i]) for name in batch)
            for i in range(size)
        ]
    )
    back = converter.transpose(up, np.where(moved, -1, 0))
    assert all(np.array_equal(back[name], batch[name]) for name in batch)


def test_fault_09_every_draw_is_new(sequences):
    converter = converter_of("groovae_2bar_tap_fixed_velocity_note_dropout")
    batch = converter.extract_compact(sequences[1]).arrays
    generator = np.random.default_rng(0)
    one, other = (converter.expand(converter.drop_notes(batch, generator)).inputs for _ in range(2))
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("config", KINDS)
def test_fault_13_no_cap_applies_to_extraction(config):
    converter = converter_of(config)
    cap = getattr(converter.config, "max_tensors_per_input", None)
    sequence = piece(
        *scale(60),
        *(
            {**each, "pitch": each["pitch"] - 30, "instrument": 1, "program": 33}
            for each in scale(60)
        ),
        *(drum(36 + 2 * (step % 7 == 0), step) for step in range(0, 960, 4)),
    )
    found = converter.extract(sequence)
    assert len(found.examples) > (cap or 8)


@pytest.mark.parametrize("config", KINDS)
@pytest.mark.parametrize("qpm", [60.0, 93.5, 240.0])
def test_fault_07_notes_come_back_at_the_tempo_asked_for(config, qpm, sequences):
    converter = converter_of(config)
    for sequence in sequences:
        examples = converter.extract(sequence).examples
        if examples:
            break
    at_120 = converter.to_notes(examples[0].outputs)
    found = converter.to_notes(examples[0].outputs, qpm=qpm)
    assert [tempo.qpm for tempo in found.tempos] == [qpm]
    assert len(found.notes) == len(at_120.notes) > 0
    for one, other in zip(found.notes, at_120.notes, strict=True):
        assert one.start_time == pytest.approx(other.start_time * 120 / qpm)
        assert one.end_time == pytest.approx(other.end_time * 120 / qpm)
    assert found.total_time == pytest.approx(at_120.total_time * 120 / qpm)


@pytest.mark.parametrize("qpm", [0.0, -1.0, math.inf, math.nan])
def test_an_impossible_tempo_is_an_error(qpm):
    with pytest.raises(InputError, match="give quarter notes a minute"):
        converter_of("cat-drums_2bar_small").to_notes(np.zeros((32, 512)), qpm=qpm)


def _strange_pieces():
    melody = [*scale(4), *(drum(36, step) for step in range(0, 64, 4))]
    yield "nothing", NoteSequence()
    yield "no tempo or time signature", _without_header(piece(*melody))
    for qpm in (0.0, -120.0, 1e-300, 1e300, math.inf, math.nan):
        yield f"tempo {qpm}", piece(*melody, qpm=qpm)
    yield "negative times", piece(*(note(60, step, step + 8) for step in range(-16, 64, 4)))
    yield "ends before it starts", piece(*melody, note(60, 20, 4), drum(38, 3))
    yield "no length", piece(*(note(60 + step % 9, step, step) for step in range(0, 64, 4)))
    yield "far away", piece(*melody, note(60, 1e9, 1e9 + 1), drum(36, 1e9))
    yield "endless", piece(*melody, note(60, 0, 1e9), drum(36, 0), note(40, 1e12, 1e13, program=33))
    yield (
        "no number",
        piece(*melody, note(60, math.nan, 4), note(60, 0, math.inf), drum(36, math.inf)),
    )
    yield "total time is no number", piece(*melody, total_time=math.nan)
    yield "total time is endless", piece(*melody, total_time=math.inf)
    yield "total time is huge", piece(*melody, total_time=1e12)
    yield (
        "numbers beyond MIDI",
        piece(
            *melody,
            note(-5, 0, 4),
            note(300, 0, 4),
            note(60, 0, 4, program=-1, instrument=-3),
            note(60, 0, 4, program=900, instrument=2**31 - 1),
            drum(1000, 0, velocity=5000),
            drum(36, 1, velocity=-4),
            drum(38, 2, velocity=0),
        ),
    )
    yield "changes at every second", _changing(piece(*melody))
    yield "odd time signature", _with_metre(piece(*melody), 0, 0)
    yield "negative time signature", _with_metre(piece(*melody), -4, 4)
    yield (
        "odd chords",
        add_chords(piece(*melody), [(-5.0, "C"), (math.nan, "D"), (1e9, "x"), (1, "")]),
    )
    yield "odd keys", _with_keys(piece(*melody))
    yield "a pedal that is never lifted", _with_pedal(piece(*melody))
    yield "quantized", _quantized(piece(*melody))


def _without_header(sequence):
    del sequence.tempos[:], sequence.time_signatures[:]
    return sequence


def _with_metre(sequence, numerator, denominator):
    sequence.time_signatures[0].numerator = numerator
    sequence.time_signatures[0].denominator = denominator
    return sequence


def _changing(sequence):
    for second in range(1, 400):
        sequence.tempos.add(time=second / 50, qpm=100 + second % 7)
        sequence.time_signatures.add(time=second / 50, numerator=second % 9, denominator=4)
    return sequence


def _with_keys(sequence):
    for seconds, key in ((math.nan, 3), (-1.0, 77), (1e300, -3)):
        sequence.key_signatures.add(time=seconds, key=key % 12)
    return sequence


def _with_pedal(sequence):
    for seconds, value in ((-1.0, 127), (math.nan, 0), (0.5, 127), (1e12, 127)):
        sequence.control_changes.add(time=seconds, control_number=64, control_value=value)
    return sequence


def _quantized(sequence):
    sequence.quantization_info.steps_per_quarter = 4
    for each in sequence.notes:
        each.quantized_start_step = int(each.start_time / STEP)
    return sequence


_STRANGE = dict(_strange_pieces())


@pytest.mark.parametrize("name", _STRANGE)
@pytest.mark.parametrize("config", KINDS)
@pytest.mark.filterwarnings("error")
def test_strange_pieces_never_raise_and_cost_little(name, config):
    converter = converter_of(config)
    tracemalloc.start()
    started = time.process_time()
    for pitch_map in ("training", "inference"):
        found = converter.extract_compact(_STRANGE[name], pitch_map=pitch_map)
    seconds, peak = time.process_time() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.rejections or len(found.origins) > 0
    assert all(math.isfinite(origin.seconds) for origin in found.origins)
    assert seconds < 10
    assert peak < 64 * 2**20


def test_a_piece_without_notes_says_so():
    for name in CONVERTERS.names():
        config = next(c for c in list_configs() if c.converter.type == name)
        assert reasons(build_converter(config.converter).extract(NoteSequence())) == ["no_notes"]


def test_notes_without_a_time_are_counted():
    found = converter_of("cat-mel_2bar_big").extract(_STRANGE["no number"])
    assert found.rejections[0].reason == "bad_time"
    assert found.rejections[0].detail.startswith("3 notes")


def test_notes_before_the_start_are_counted():
    found = converter_of("cat-mel_2bar_big").extract(_STRANGE["negative times"])
    assert found.rejections[0] == (
        "bad_time",
        "4 notes start before second 0",
        None,
        None,
        None,
    )


def test_an_impossible_tempo_is_a_reason():
    for config in ("cat-mel_2bar_big", "groovae_4bar", "hier-multiperf_vel_1bar_med"):
        assert "bad_tempo" in reasons(converter_of(config).extract(_STRANGE["tempo 0.0"]))


def test_an_unknown_converter_or_option_is_answered_with_a_suggestion():
    with pytest.raises(ConfigError, match=r"unknown converter 'melodies'; did you mean 'melody'\?"):
        build_converter(Component("melodies"))
    with pytest.raises(ConfigError, match=r"'slice_bar' is unknown; did you mean 'slice_bars'\?"):
        build_converter(Component("melody", Options({"slice_bar": 2})))
    with pytest.raises(ConfigError, match="option 'slice_bars' is missing"):
        build_converter(Component("melody"))


def test_importing_and_using_converters_needs_no_tensorflow_and_not_all_of_note_seq():
    code = (
        "import sys, musicvae.converters\n"
        "from musicvae.config import load_config\n"
        "from musicvae.lazy_note_seq import NoteSequence\n"
        "sequence = NoteSequence()\n"
        "sequence.notes.add(pitch=60, velocity=80, end_time=8)\n"
        "for name in ('cat-mel_2bar_med_chords', 'hier-multiperf_vel_1bar_med_chords'):\n"
        "    musicvae.converters.build_converter(load_config(name).converter).extract(sequence)\n"
        "heavy = {'tensorflow', 'pandas', 'librosa', 'bokeh', 'IPython', 'scipy'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
