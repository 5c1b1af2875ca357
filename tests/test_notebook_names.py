"""The names that Magenta's MusicVAE, GrooVAE and Multitrack notebooks, and published code, touch.

The calls are theirs, in wording of our own, on models of random weights.
"""

from __future__ import annotations

import pathlib
import pickle

import numpy as np
import pytest
from pieces import drum_beat, melody, trio
from tiny_models import tiny_config, write_run

from musicvae import TrainedModel, configs, data
from musicvae.config import load_config
from musicvae.converters.drum_classes import REDUCED
from musicvae.errors import ConfigError, InputError
from musicvae.lazy_note_seq import note_seq
from musicvae.notebook_converter import NotebookConverter

CHORDS = "cat-mel_2bar_med_chords"
MULTITRACK = "hier-multiperf_vel_1bar_med_chords"
GROOVE = "groovae_2bar_humanize"
TRIAD = 49


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, pathlib.Path]:
    names = (CHORDS, MULTITRACK, GROOVE, "cat-drums_2bar_small")
    folders = {name: tmp_path_factory.mktemp("run") / name for name in names}
    for name, folder in folders.items():
        write_run(folder, name)
    return folders


def chord_row(figure: str) -> np.ndarray:
    row = np.zeros(TRIAD, np.float32)
    row[note_seq.TriadChordOneHotEncoding().encode_event(figure)] = 1.0
    return row


@pytest.mark.parametrize("attribute", ["_config", "config"])
def test_a_model_has_its_converter(runs, attribute):
    model = TrainedModel(configs.CONFIG_MAP[GROOVE], 4, runs[GROOVE])
    converter = getattr(model, attribute).data_converter
    converter.max_tensors_per_notesequence = 1
    tensors = getattr(model, attribute).data_converter.to_tensors(drum_beat(6))
    assert len(tensors.outputs) == len(tensors[1]) == 1
    (beat,) = converter.from_tensors(tensors.outputs)
    z, *_ = model.encode([beat])
    assert len(model.decode(z, length=32, temperature=0.5)) == 1
    other = TrainedModel(GROOVE, 4, runs[GROOVE])
    assert len(getattr(other, attribute).data_converter.to_tensors(drum_beat(6)).inputs) == 3


@pytest.mark.parametrize("name", ["notesequence", "item", "input"])
@pytest.mark.parametrize("prefix", ["", "_"])
def test_the_number_of_examples_is_bounded_under_each_of_its_names(name, prefix):
    converter = configs.CONFIG_MAP[GROOVE].data_converter
    setattr(converter, f"{prefix}max_tensors_per_{name}", 2)
    assert len(converter.to_tensors(drum_beat(8)).outputs) == 2
    assert converter.max_tensors_per_notesequence == 2
    setattr(converter, f"{prefix}max_tensors_per_{name}", None)
    assert len(converter.to_tensors(drum_beat(8)).outputs) == 4
    with pytest.raises(InputError, match="at least 1"):
        converter.max_tensors_per_notesequence = 0


def test_a_converter_has_magentas_attributes():
    converter = configs.CONFIG_MAP[MULTITRACK].data_converter
    assert (converter.input_depth, converter.output_depth, converter.control_depth) == (
        490,
        490,
        49,
    )
    assert (converter.end_token, converter.length_shape) == (489, (8,))
    assert converter.input_dtype == np.dtype("bool")
    melodies = configs.CONFIG_MAP[CHORDS].data_converter
    assert (melodies.end_token, melodies.length_shape) == (None, ())
    [piece] = melodies.to_notesequences(melodies.to_tensors(melody()).outputs)
    assert len(piece.notes) == len(melody().notes)


def test_the_mode_chooses_whose_drum_pitches_are_read():
    converter = configs.CONFIG_MAP[GROOVE].data_converter
    beat = drum_beat(2)
    for note in beat.notes:
        note.pitch = 39  # a clap: no drum of the Roland kit
    assert converter.is_inferring
    assert len(converter.to_tensors(beat).outputs) == 1
    converter.set_mode("train")
    assert converter.is_training
    assert len(converter.to_tensors(beat).outputs) == 0
    with pytest.raises(InputError, match="mode 'test'"):
        converter.set_mode("test")


def test_hyperparameters_are_made_merged_and_asked_for():
    mine = configs.HParams(z_size=12, batch_size=3)
    assert (mine.z_size, mine.batch_size, mine.get("nothing", 7)) == (12, 3, 7)
    assert "free_bits" in mine
    merged = configs.merge_hparams(configs.CONFIG_MAP[GROOVE].hparams, mine)
    assert (merged.z_size, merged.free_bits) == (12, 48.0)
    merged.override_from_dict({"max_seq_len": 64})
    merged.set_hparam("free_bits", 24)
    assert (merged.values()["max_seq_len"], merged.free_bits) == (64, 24.0)
    with pytest.raises(ConfigError, match="z_sice"):
        configs.HParams(z_sice=3)


def test_a_configuration_that_is_assigned_is_found_by_its_name(runs):
    config = configs.CONFIG_MAP[GROOVE]
    config.hparams.max_seq_len = 64
    config.data_converter = data.GrooveConverter(split_bars=4, humanize=True)
    configs.CONFIG_MAP["my-groove"] = config
    try:
        config.hparams.max_seq_len = 16
        assert configs.CONFIG_MAP["my-groove"].hparams.max_seq_len == 64
        assert "my-groove" in list(configs.CONFIG_MAP)
        model = TrainedModel("my-groove", 4, runs[GROOVE])
        assert (model.config.name, model.converter.num_steps) == ("my-groove", 64)
        assert len(model.encode([drum_beat(4)]).mu) == 1
    finally:
        del configs.CONFIG_MAP["my-groove"]
    assert "my-groove" not in configs.CONFIG_MAP
    assert configs.CONFIG_MAP[GROOVE].hparams.max_seq_len == 32
    with pytest.raises(ConfigError, match="takes a configuration, not a dict"):
        configs.CONFIG_MAP["mine"] = {}


def test_a_configuration_is_updated_in_a_copy():
    config = configs.CONFIG_MAP[GROOVE]
    config.data_converter.max_tensors_per_notesequence = 1
    changed = configs.update_config(config, {"train_examples_path": "a", "tfds_name": None})
    again = changed._replace(hparams=configs.HParams(z_size=3))
    assert (config.train_examples_path, changed.train_examples_path) == (None, "a")
    assert (changed.frozen().tfds_name, again.hparams.z_size) == (None, 3)
    changed.data_converter.max_tensors_per_notesequence = None
    assert config.data_converter.max_tensors_per_notesequence == 1
    assert again.values["train_examples_path"] == "a"
    assert pickle.loads(pickle.dumps(again)).frozen() == again.frozen()
    with pytest.raises(ConfigError, match="no 'moddel'"):
        configs.update_config(config, {"moddel": 1})
    with pytest.raises(ConfigError, match=r"musicvae\.data\.GrooveConverter"):
        config.data_converter = 3


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("cat-mel_2bar_small", lambda: data.OneHotMelodyConverter(
            valid_programs=data.MEL_PROGRAMS, slice_bars=2, gap_bars=1, max_bars=100,
            steps_per_quarter=4, skip_polyphony=False, dedupe_event_lists=True)),
        (CHORDS, lambda: data.OneHotMelodyConverter(
            slice_bars=2, gap_bars=1, max_bars=100,
            chord_encoding=note_seq.TriadChordOneHotEncoding())),
        ("cat-drums_2bar_small", lambda: data.DrumsConverter(
            max_bars=100, slice_bars=2, pitch_classes=data.REDUCED_DRUM_PITCH_CLASSES,
            roll_input=True)),
        ("nade-drums_2bar_full", lambda: data.DrumsConverter(
            slice_bars=2, pitch_classes=data.FULL_DRUM_PITCH_CLASSES, roll_output=True)),
        ("hierdec-trio_16bar", lambda: data.TrioConverter(
            slice_bars=16, gap_bars=2, steps_per_quarter=4)),
        ("groovae_2bar_tap_fixed_velocity", lambda: data.GrooveConverter(
            split_bars=2, steps_per_quarter=4, quarters_per_bar=4,
            max_tensors_per_notesequence=20, pitch_classes=data.ROLAND_DRUM_PITCH_CLASSES,
            inference_pitch_classes=data.REDUCED_DRUM_PITCH_CLASSES, tapify=True,
            fixed_velocities=True)),
        ("groovae_2bar_add_closed_hh", lambda: data.GrooveConverter(
            split_bars=2, pitch_classes=data.ROLAND_DRUM_PITCH_CLASSES, add_instruments=[2])),
        (MULTITRACK, lambda: data.MultiInstrumentPerformanceConverter(
            num_velocity_bins=8, hop_size_bars=1, chunk_size_bars=1, steps_per_quarter=24,
            chord_encoding=note_seq.TriadChordOneHotEncoding(), max_num_instruments=8)),
    ],
)  # fmt: skip
def test_a_converter_made_by_magentas_arguments_reads_as_the_named_one(name, made):
    converter, named = made(), configs.CONFIG_MAP[name].data_converter
    assert isinstance(converter, NotebookConverter)
    assert converter._converter.spec == named._converter.spec
    assert converter._converter.num_steps == named._converter.num_steps
    piece = drum_beat(6) if "groovae" in name or "drums" in name else trio()
    found, expected = converter.to_tensors(piece), named.to_tensors(piece)
    assert len(found.inputs) == len(expected.inputs)
    for kind, other in zip(found, expected, strict=True):
        assert all(map(np.array_equal, kind, other))


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: data.GrooveConverter(split_bars=2, hop_size=16), "hop_size=16 is not supported"),
        (lambda: data.GrooveConverter(), "split_bars is missing"),
        (lambda: data.GrooveConverter(2, pitch_classes=[[36]]), "pitch_classes is none of"),
        (lambda: data.GrooveConverter(2, inference_pitch_classes=data.FULL_DRUM_PITCH_CLASSES),
         "other kits"),
        (lambda: data.OneHotMelodyConverter(slice_bars=2, steps_per_quarter=8), "=8 is not"),
        (lambda: data.DrumsConverter(slice_bars=2, rol_output=1), "unknown argument 'rol_output'"),
    ],
)  # fmt: skip
def test_what_our_converters_lack_is_refused(made, message):
    with pytest.raises(InputError, match=message):
        made()


def test_an_unknown_name_of_magentas_is_an_attribute_error():
    assert data.ROLAND_DRUM_PITCH_CLASSES[0] == REDUCED[0][:1]
    with pytest.raises(AttributeError, match="no attribute 'PianoConverter'"):
        _ = data.PianoConverter


def test_chords_have_a_row_for_each_bar_or_each_step(runs):
    model = TrainedModel(CHORDS, 4, runs[CHORDS])
    by_bar = np.stack([chord_row("C"), chord_row("G")])
    by_step = np.repeat(by_bar, 16, axis=0)
    z = model.sample_z(3, seed=1)

    def decoded(controls: np.ndarray) -> np.ndarray:
        return np.array(model.decode_to_tensors(z, 32, 1.0, controls, seed=1))

    np.testing.assert_array_equal(decoded(by_bar), decoded(by_step))
    each = np.stack([by_bar, by_bar[::-1], by_bar])
    assert not np.array_equal(decoded(each), decoded(by_step))
    pieces = model.sample(n=3, length=32, c_input=by_bar)
    assert [mark.text for mark in pieces[0].text_annotations] == ["C", "G"]
    with pytest.raises(InputError, match="c_input has the shape"):
        model.sample(n=3, length=32, c_input=by_bar[:1])


def test_a_bar_of_several_instruments_has_one_row_of_chords(runs):
    model = TrainedModel(configs.CONFIG_MAP[MULTITRACK], 4, runs[MULTITRACK])
    z = model.sample_z(2, seed=1)
    by_token = np.tile(chord_row("Am"), (512, 1))
    by_token[::64] = chord_row("N.C.")

    def decoded(controls: np.ndarray) -> np.ndarray:
        found = model.decode_to_tensors(z, 512, 1.0, controls, seed=1)
        return np.array([piece.argmax(axis=-1) for piece in found])

    for controls in (
        chord_row("Am"),
        chord_row("Am")[np.newaxis],
        np.tile(chord_row("Am"), (2, 1)),
    ):
        np.testing.assert_array_equal(decoded(controls), decoded(by_token))
    assert len(model.sample(n=2, length=512, temperature=0.2, c_input=chord_row("F"))) == 2
    own = np.stack([chord_row("Am"), chord_row("F")])
    assert len(model.decode(z, length=512, temperature=0.2, c_input=own)) == 2


def test_configurations_by_name_are_copies_for_every_caller():
    assert load_config(GROOVE) == load_config(GROOVE)
    load_config(GROOVE).data_converter.max_tensors_per_notesequence = 1
    assert load_config(GROOVE).data_converter.max_tensors_per_notesequence is None
    assert tiny_config(GROOVE).data_converter.component == load_config(GROOVE).converter
