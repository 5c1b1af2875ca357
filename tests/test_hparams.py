"""Tests of hyperparameters and their overrides."""

from __future__ import annotations

import pytest

from musicvae.errors import ConfigError
from musicvae.hparams import HParams


def test_text_overrides_every_type() -> None:
    hparams = HParams().override(
        "batch_size=32, learning_rate=0.0005,enc_rnn_size=[256,128],residual_encoder=true,"
        "sampling_schedule=inverse_sigmoid,dec_rnn_size=64"
    )
    assert hparams.batch_size == 32
    assert hparams.learning_rate == 0.0005
    assert hparams.enc_rnn_size == (256, 128)
    assert hparams.dec_rnn_size == (64,)
    assert hparams.residual_encoder is True
    assert hparams.sampling_schedule == "inverse_sigmoid"


def test_one_element_of_a_list_can_be_overridden() -> None:
    assert HParams(dec_rnn_size=(8, 8)).override("dec_rnn_size[1]=16").dec_rnn_size == (8, 16)


@pytest.mark.parametrize("name", ["free_bits", "max_beta", "beta_rate", "sampling_rate"])
def test_rates_are_floats_even_when_given_as_whole_numbers(name) -> None:
    value = getattr(HParams().override(f"{name}=1"), name)
    assert value == 1.0
    assert isinstance(value, float)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("batchsize=3", "unknown hyperparameter 'batchsize'; did you mean 'batch_size'?"),
        ("batch_size=many", "batch_size='many' is not of type int"),
        ("batch_size=1.5", "batch_size='1.5' is not of type int"),
        ("batch_size=0", "batch_size=0 is out of range; it must be at least 1"),
        ("dropout_keep_prob=2", "between 0.0 and 1.0"),
        ("learning_rate=nan", "learning_rate=nan is out of range"),
        ("residual_encoder=maybe", "residual_encoder='maybe' is not of type bool"),
        ("enc_rnn_size=[]", "enc_rnn_size=() is not of type list of int"),
        ("enc_rnn_size=[a]", "enc_rnn_size='a' is not of type list of int"),
        ("sampling_schedule=linear", "is not one of constant, exponential, inverse_sigmoid"),
        ("batch_size", "cannot read 'batch_size'"),
        ("enc_rnn_size=[3", "cannot read"),
        ("dec_rnn_size[4]=3", "'dec_rnn_size[4]' does not exist"),
    ],
)
def test_a_wrong_override_says_what_is_wrong(text, message) -> None:
    with pytest.raises(ConfigError) as error:
        HParams().override(text)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_an_empty_override_changes_nothing() -> None:
    assert HParams().override("") == HParams()
