"""Configurations built of a model, hyperparameters and a converter, as published code builds them.

The calls are theirs, in wording of our own.
"""

from __future__ import annotations

import pickle

import pytest
from pieces import melody
from tiny_models import write_run

from musicvae import TrainedModel, configs, data, lstm_models
from musicvae.api_arguments import config_file
from musicvae.base_model import MusicVAE
from musicvae.config import load_config
from musicvae.errors import ConfigError
from musicvae.lazy_note_seq import note_seq

MELODY = "cat-mel_2bar_small"


def melody_config(**hparams: object) -> configs.Config:
    return configs.Config(
        model=MusicVAE(
            lstm_models.BidirectionalLstmEncoder(), lstm_models.CategoricalLstmDecoder()
        ),
        hparams=configs.merge_hparams(
            lstm_models.get_default_hparams(),
            configs.HParams(
                batch_size=512,
                max_seq_len=32,
                z_size=256,
                enc_rnn_size=[512],
                dec_rnn_size=[256, 256],
                free_bits=0,
                max_beta=0.2,
                beta_rate=0.99999,
                sampling_schedule="inverse_sigmoid",
                sampling_rate=1000,
                **hparams,
            ),
        ),
        note_sequence_augmenter=data.NoteSequenceAugmenter(transpose_range=(-5, 5)),
        data_converter=data.OneHotMelodyConverter(
            valid_programs=data.MEL_PROGRAMS,
            slice_bars=2,
            gap_bars=1,
            max_tensors_per_notesequence=5,
        ),
        train_examples_path=None,
        eval_examples_path=None,
        tfds_name=None,
    )


def test_a_configuration_of_magentas_parts_is_the_named_one():
    mine, named = melody_config().frozen(), load_config(MELODY)
    assert (mine.encoder, mine.decoder) == (named.encoder, named.decoder)
    assert (mine.hparams, mine.augmentation) == (named.hparams, named.augmentation)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("hierdec-trio_16bar", lambda: MusicVAE(
            lstm_models.BidirectionalLstmEncoder(),
            lstm_models.HierarchicalLstmDecoder(
                lstm_models.SplitMultiOutLstmDecoder(
                    core_decoders=[lstm_models.CategoricalLstmDecoder() for _ in range(3)],
                    output_depths=[90, 90, 512]),
                level_lengths=[16, 16], disable_autoregression=True))),
        ("hier-multiperf_vel_1bar_med", lambda: MusicVAE(
            lstm_models.HierarchicalLstmEncoder(
                lstm_models.BidirectionalLstmEncoder, level_lengths=[64, 8]),
            lstm_models.HierarchicalLstmDecoder(
                lstm_models.CategoricalLstmDecoder(), level_lengths=[8, 64],
                disable_autoregression=True))),
        ("flat-trio_16bar", lambda: MusicVAE(
            lstm_models.BidirectionalLstmEncoder(),
            lstm_models.MultiOutCategoricalLstmDecoder(output_depths=[90, 90, 512]))),
        ("groovae_4bar", lambda: MusicVAE(
            lstm_models.BidirectionalLstmEncoder(), lstm_models.GrooveLstmDecoder())),
        ("nade-drums_2bar_full", lambda: MusicVAE(
            lstm_models.BidirectionalLstmEncoder(), lstm_models.MultiLabelRnnNadeDecoder())),
    ],
)  # fmt: skip
def test_every_kind_of_model_has_its_name(name, model):
    assert model() == configs.CONFIG_MAP[name].model


def test_a_new_configuration_loads_computes_and_is_entered_under_a_name(tmp_path):
    write_run(tmp_path / "run", MELODY)
    configs.CONFIG_MAP["mine"] = melody_config()
    try:
        model = TrainedModel("mine", 4, tmp_path / "run")
        assert model.config.name == "mine"
        assert len(model.decode(model.encode([melody()]).mu, length=32)) == 1
    finally:
        del configs.CONFIG_MAP["mine"]


def test_its_values_make_the_same_again_and_copies_leave_it_alone():
    config = melody_config()
    again = configs.Config(**config.values)
    assert again.frozen() == config.frozen()
    assert configs.Config(**config._asdict()).frozen() == config.frozen()
    other = config._replace(
        model=MusicVAE(lstm_models.LstmEncoder(), lstm_models.CategoricalLstmDecoder()),
        note_sequence_augmenter=None,
    )
    assert other.frozen().encoder.type == "lstm"
    assert other.frozen().augmentation is None
    assert config.frozen().encoder.type == "bidirectional_lstm"
    assert configs.update_config(config, {"tfds_name": "groove/full"}).tfds_name == "groove/full"
    assert pickle.loads(pickle.dumps(config)).frozen() == config.frozen()


def test_training_takes_it_as_a_file_of_its_own():
    config = melody_config(learning_rate=0.0005)
    with config_file(config) as path:
        assert load_config(path) == config.frozen()
    with config_file(MELODY) as name:
        assert name == MELODY


class _OwnEncoder:
    """A class of a user's own."""


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: configs.Config(), "model is missing"),
        (lambda: configs.Config(model=melody_config().model), "data_converter is missing"),
        (lambda: MusicVAE(_OwnEncoder(), lstm_models.CategoricalLstmDecoder()),
         r"encoder is a _OwnEncoder; take one of musicvae\.lstm_models, or write your own as docs"),
        (lambda: configs.Config(model=_OwnEncoder(), data_converter=melody_config().data_converter),
         r"model is a _OwnEncoder; make one with musicvae\.base_model\.MusicVAE"),
        (lambda: configs.Config(model=melody_config().model, data_converter=_OwnEncoder()),
         r"data_converter is a _OwnEncoder; make one with musicvae\.data"),
        (lambda: melody_config()._replace(note_sequence_augmenter=3).frozen(),
         r"make one with musicvae\.data\.NoteSequenceAugmenter"),
        (lambda: lstm_models.HierarchicalLstmDecoder(
            lstm_models.CategoricalLstmDecoder(), [16, 16], hierarchical_encoder=_OwnEncoder()),
         "hierarchical_encoder=.* is not supported"),
        (lambda: lstm_models.SplitMultiOutLstmDecoder(
            [lstm_models.CategoricalLstmDecoder()], [90, 512]), "one for each part"),
        (lambda: melody_config(z_sice=3), "z_sice"),
    ],
)  # fmt: skip
def test_what_is_not_of_this_package_is_answered_in_a_line(made, message):
    with pytest.raises(ConfigError, match=message) as caught:
        made()
    assert "\n" not in str(caught.value)


def test_chords_are_a_converters_argument():
    converter = data.OneHotMelodyConverter(
        slice_bars=2, chord_encoding=note_seq.TriadChordOneHotEncoding()
    )
    assert configs.Config(melody_config().model, data_converter=converter).frozen().name == "custom"
