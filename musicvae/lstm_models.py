"""Encoders and decoders under Magenta's class names, for configurations built in notebooks.

    from musicvae import configs, data, lstm_models
    from musicvae.base_model import MusicVAE

    encoder = lstm_models.BidirectionalLstmEncoder()
    config = configs.Config(
        model=MusicVAE(encoder, lstm_models.CategoricalLstmDecoder()),
        hparams=configs.merge_hparams(
            lstm_models.get_default_hparams(), configs.HParams(z_size=256, max_seq_len=32)
        ),
        data_converter=data.OneHotMelodyConverter(slice_bars=2),
    )

Each names a type of encoder or decoder; sizes stand in the hyperparameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from musicvae.components import Component, Options
from musicvae.config_map import EditableHParams
from musicvae.errors import ConfigError


def get_default_hparams() -> EditableHParams:
    """Returns the hyperparameters that a configuration starts from."""
    return EditableHParams()


def LstmEncoder() -> Component:  # noqa: N802 (Magenta's name, as all below)
    """Names an encoder that reads from the first step to the last."""
    return Component("lstm")


def BidirectionalLstmEncoder() -> Component:  # noqa: N802
    """Names an encoder that reads both ways."""
    return Component("bidirectional_lstm")


def HierarchicalLstmEncoder(  # noqa: N802
    core_encoder_cls: Callable[[], Component], level_lengths: Sequence[int]
) -> Component:
    """Names an encoder of segments, and of their embeddings.

    Args:
      core_encoder_cls: LstmEncoder or BidirectionalLstmEncoder.
      level_lengths: steps of a segment, segments of a sequence.
    """
    return Component("hierarchical_lstm", _levels(level_lengths), _core(core_encoder_cls()))


def CategoricalLstmDecoder() -> Component:  # noqa: N802
    """Names a decoder of one label a step."""
    return Component("categorical")


def MultiOutCategoricalLstmDecoder(output_depths: Sequence[int]) -> Component:  # noqa: N802
    """Names a decoder of several labels a step, of so many values each."""
    return Component("multi_out_categorical", Options({"output_depths": tuple(output_depths)}))


def GrooveLstmDecoder() -> Component:  # noqa: N802
    """Names a decoder of hits, velocities and timing."""
    return Component("groove")


def MultiLabelRnnNadeDecoder() -> Component:  # noqa: N802
    """Names a decoder of a roll, one entry of a step after the other."""
    return Component("nade")


def SplitMultiOutLstmDecoder(  # noqa: N802
    core_decoders: Sequence[Component], output_depths: Sequence[int]
) -> Component:
    """Names several decoders side by side, a part each.

    Args:
      core_decoders: of one kind.
      output_depths: columns of each part.

    Raises:
      ConfigError: they are of several kinds, or not one for each part.
    """
    kinds = {_core(decoder) for decoder in core_decoders}
    if len(kinds) != 1 or len(core_decoders) != len(output_depths):
        raise ConfigError(
            f"{len(core_decoders)} core_decoders of {len(kinds)} kinds for {len(output_depths)} "
            "parts; give one for each part, all of one kind"
        )
    return Component("split", Options({"output_depths": tuple(output_depths)}), kinds.pop())


def HierarchicalLstmDecoder(  # noqa: N802
    core_decoder: Component,
    level_lengths: Sequence[int],
    disable_autoregression: bool | Sequence[int] = False,
    **others: Any,
) -> Component:
    """Names a conductor of segments with a decoder of their steps.

    Args:
      core_decoder: the decoder of steps.
      level_lengths: segments of a sequence, steps of a segment.
      disable_autoregression: levels that do not see what they gave before; True for all of the
        conductor's.
      **others: Magenta's other arguments, not supported.

    Raises:
      ConfigError: an argument is not supported, or not a decoder.
    """
    for name, value in others.items():
        if value is not None and value is not False:
            raise ConfigError(f"HierarchicalLstmDecoder: {name}={value!r} is not supported")
    options = dict(_levels(level_lengths))
    if isinstance(disable_autoregression, bool):
        levels = tuple(range(len(level_lengths))) if disable_autoregression else ()
    else:
        levels = tuple(disable_autoregression)
    if levels:
        options["disable_autoregression"] = levels
    return Component("hierarchical", Options(options), _core(core_decoder))


def _levels(lengths: Sequence[int]) -> Options:
    return Options({"level_lengths": tuple(lengths)})


def _core(component: Component) -> Component:
    if not isinstance(component, Component):
        raise ConfigError(
            f"{type(component).__name__} is no encoder or decoder of musicvae.lstm_models"
        )
    return component
