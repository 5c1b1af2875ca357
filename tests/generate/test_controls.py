"""What conditional models are told, for each configuration that is conditional."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from pieces import drum_beat, melody, trio
from tiny_models import write_run

from musicvae.config import list_configs, load_config
from musicvae.converters import build_converter
from musicvae.errors import InputError
from musicvae.generate import TrainedModel
from musicvae.generate.controls import check_controls, controls_for
from musicvae.generate.modes import reconstruct, sample
from musicvae.generate.results import Piece, SamplingOptions
from musicvae.lazy_note_seq import note_seq

OVER_CHORDS = [
    "cat-mel_2bar_med_chords",
    "hier-multiperf_vel_1bar_big_chords",
    "hier-multiperf_vel_1bar_med_chords",
]
OF_HITS = ["groovae_2bar_hits_control_tfds"]


def converter_of(config: str, **options: object):
    converter = build_converter(load_config(config).converter)
    changed = dataclasses.replace(converter.config, **options)
    return dataclasses.replace(converter, config=changed)


def label(figure: str) -> int:
    return note_seq.chords_encoder_decoder.TriadChordOneHotEncoding().encode_event(figure)


def test_the_conditional_configurations_are_those_that_are_tested_here():
    found = {
        config.name
        for config in list_configs()
        if build_converter(config.converter).spec.control_depth
    }
    assert found == {*OVER_CHORDS, *OF_HITS}


@pytest.mark.parametrize("config", OVER_CHORDS)
def test_typed_chords_numerals_and_a_file_say_the_same(config):
    converter = converter_of(config)
    piece = trio()
    del piece.text_annotations[:]
    for time, text in ((0.0, "G"), (2.0, "Em")):
        piece.text_annotations.add(time=time, text=text, annotation_type=1)
    typed = controls_for(converter, config, SamplingOptions(chords="G Em"))
    numerals = controls_for(converter, config, SamplingOptions(chords="I vi", key="G"))
    followed = controls_for(converter, config, SamplingOptions(control=Piece(piece, "piece")))
    np.testing.assert_array_equal(np.array(typed), np.array(numerals))
    np.testing.assert_array_equal(followed[0], typed[0])


@pytest.mark.parametrize("config", OF_HITS)
def test_a_model_of_hits_is_told_those_of_a_file(config):
    converter = converter_of(config)
    (control,) = controls_for(
        converter, config, SamplingOptions(control=Piece(drum_beat(2), "beat"))
    )
    assert np.flatnonzero(control[:, 0]).tolist() == [0, 8, 16, 24]
    with pytest.raises(InputError, match="plays over no chords"):
        check_controls(converter, config, SamplingOptions(chords="C"), has_input=False)


@pytest.mark.parametrize(
    ("config", "options", "message"),
    [
        (OVER_CHORDS[0], {"key": "G"}, "takes no key of its own; --key says what the numerals"),
        ("cat-mel_2bar_small", {"key": "G"}, "takes no key of its own"),
        (OVER_CHORDS[1], {"chords": "C Am | F"}, "one chord to a bar"),
        (OVER_CHORDS[0], {"chords": "C", "control": Piece(melody(), "tune")}, "give one of them"),
    ],
)
def test_controls_that_would_be_passed_over_are_refused(config, options, message):
    with pytest.raises(InputError, match=message):
        check_controls(converter_of(config), config, SamplingOptions(**options), has_input=True)


def test_a_configuration_of_ones_own_may_be_told_a_key():
    kind = "cat-mel_2bar_small"
    converter = converter_of(kind, condition_on_key=True)
    (control,) = controls_for(converter, kind, SamplingOptions(key="Eb"))
    assert control.argmax(axis=1).tolist() == [3] * 32
    both = converter_of(OVER_CHORDS[0], condition_on_key=True)
    (control,) = controls_for(both, OVER_CHORDS[0], SamplingOptions(chords="I V", key="D"))
    assert control[:, :49].argmax(axis=1).tolist() == [label("D")] * 16 + [label("A")] * 16
    assert control[:, 49:].argmax(axis=1).tolist() == [2] * 32
    with pytest.raises(InputError, match="give --key too"):
        check_controls(both, kind, SamplingOptions(chords="C"), has_input=False)
    with pytest.raises(InputError, match="give --chords beside --key"):
        check_controls(both, kind, SamplingOptions(key="C"), has_input=False)


def test_a_reconstruction_is_played_over_the_chords_that_are_asked_for(tmp_path):
    write_run(tmp_path, OVER_CHORDS[0])
    model = TrainedModel(OVER_CHORDS[0], 4, tmp_path)
    tune = Piece(melody(), "tune")
    take = reconstruct(model, tune, 1, SamplingOptions(seed=1, chords="Dm Bb"), whole=True).samples[
        0
    ]
    assert [chord.text for chord in take.sequence.text_annotations] == ["Dm", "Bb"]
    own = reconstruct(model, tune, 1, SamplingOptions(seed=1)).samples[0]
    assert [chord.text for chord in own.sequence.text_annotations] == ["C", "G"]


def test_a_bar_of_many_tracks_is_sampled_over_each_chord(tmp_path):
    write_run(tmp_path, OVER_CHORDS[2])
    model = TrainedModel(OVER_CHORDS[2], 4, tmp_path)
    take = sample(model, 1, SamplingOptions(seed=1, chords="C Am F G")).samples[0]
    assert take.sequence.total_time == 8.0
