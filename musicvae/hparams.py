"""Hyperparameters: Magenta's names and types, one flat frozen record, overridden as text.

Sizes count units, steps of a sequence are sixteenth notes unless the converter says otherwise, and
`free_bits` counts bits of the whole KL divergence.
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Mapping
from typing import Any

from musicvae.errors import ConfigError
from musicvae.registry import did_you_mean


def _hparam(
    default: Any,
    section: str,
    key: str | None = None,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """A field with its place in a TOML file and the values that it may take."""
    place = {"section": section, "key": key, "low": low, "high": high, "choices": choices}
    return dataclasses.field(default=default, metadata=place)


@dataclasses.dataclass(frozen=True)
class HParams:
    """The hyperparameters of a model and of its training, under Magenta's names.

    Attributes:
      z_size: width of the latent vector z; 0 makes an unconditional model.
      max_seq_len: longest sequence, in steps.
      conditional: whether the decoder is given z (False only together with z_size 0).
      enc_rnn_size: units of each encoder layer; of each level for a hierarchical encoder.
      residual_encoder: whether encoder layers past the first add their input to their output.
      dec_rnn_size: units of each decoder layer (conductor and core alike).
      residual_decoder: the same for the decoder.
      nade_num_hidden: hidden units of the NADE output layer.
      control_preprocessing_rnn_size: units of the layers over the controls, where a decoder has
        them.
      batch_size: examples in one training step.
      learning_rate: the rate at step 0.
      decay_rate: factor on (learning_rate - min_learning_rate) a step.
      min_learning_rate: the rate that the decay approaches.
      free_bits: bits of the whole KL divergence that cost nothing.
      max_beta: weight of the KL divergence that the schedule approaches.
      beta_rate: beta = (1 - beta_rate^step) * max_beta; 0 is max_beta from the first step on.
      dropout_keep_prob: probability that a unit of an LSTM cell's input is kept, in training.
      sampling_schedule: how the probability of feeding samples back grows: constant, exponential or
        inverse_sigmoid.
      sampling_rate: that schedule's rate (constant: the probability itself).
      clip_mode: "global_norm" scales all gradients together; "value" clips each element.
      grad_clip: the norm (or value) that gradients are clipped to.
      grad_norm_clip_to_zero: a gradient whose global norm is over this counts as zero.
      use_cudnn: accepted for Magenta's sake; TensorFlow 2 chooses its kernels itself.

    Source: Roberts et al. 2018, appendix B; schedules section 3.3 and Bengio et al. 2015.
    """

    z_size: int = _hparam(32, "model", low=0)
    max_seq_len: int = _hparam(32, "model", low=1)
    conditional: bool = _hparam(True, "model")
    enc_rnn_size: tuple[int, ...] = _hparam((256,), "encoder", "rnn_size", low=1)
    residual_encoder: bool = _hparam(False, "encoder", "residual")
    dec_rnn_size: tuple[int, ...] = _hparam((512,), "decoder", "rnn_size", low=1)
    residual_decoder: bool = _hparam(False, "decoder", "residual")
    nade_num_hidden: int = _hparam(128, "decoder", low=1)
    control_preprocessing_rnn_size: tuple[int, ...] = _hparam((256,), "decoder", low=1)
    batch_size: int = _hparam(512, "train", low=1)
    learning_rate: float = _hparam(0.001, "train", low=0.0)
    decay_rate: float = _hparam(0.9999, "train", low=0.0, high=1.0)
    min_learning_rate: float = _hparam(0.00001, "train", low=0.0)
    free_bits: float = _hparam(0.0, "train", low=0.0)
    max_beta: float = _hparam(1.0, "train", low=0.0)
    beta_rate: float = _hparam(0.0, "train", low=0.0, high=1.0)
    dropout_keep_prob: float = _hparam(1.0, "train", low=0.0, high=1.0)
    sampling_schedule: str = _hparam(
        "constant", "train", choices=("constant", "exponential", "inverse_sigmoid")
    )
    sampling_rate: float = _hparam(0.0, "train", low=0.0)
    clip_mode: str = _hparam("global_norm", "train", choices=("global_norm", "value"))
    grad_clip: float = _hparam(1.0, "train", low=0.0)
    grad_norm_clip_to_zero: float = _hparam(10000.0, "train", low=0.0)
    use_cudnn: bool = _hparam(False, "train")

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            checked = _checked(field, getattr(self, field.name), "hyperparameter")
            object.__setattr__(self, field.name, checked)

    def replace(self, **values: Any) -> HParams:
        """Returns a copy with these values.

        Args:
          **values: hyperparameters by name.

        Raises:
          ConfigError: a name is unknown, or a value of the wrong type or out of range.
        """
        for name in values:
            field_of(name)
        return dataclasses.replace(self, **values)

    def override(self, text: str) -> HParams:
        """Returns a copy with the values that `text` names.

        Args:
          text: `name=value,name=[value,value],name[0]=value`, as Magenta's `--hparams` has it.

        Raises:
          ConfigError: the text cannot be parsed, a name is unknown, or a value does not fit.
        """
        hparams = self
        for name, index, value in parse_assignments(text):
            field = field_of(name)
            parsed: Any = _from_text(field, value)
            if index is not None:
                items = list(getattr(hparams, name)) if _is_tuple(field) else None
                if items is None or not index < len(items):
                    raise ConfigError(
                        f"--hparams: '{name}[{index}]' does not exist; {name} is "
                        f"{getattr(hparams, name)!r}"
                    )
                items[index] = parsed[0]
                parsed = tuple(items)
            hparams = hparams.replace(**{name: parsed})
        return hparams


FIELDS: Mapping[str, dataclasses.Field[Any]] = types.MappingProxyType(
    {field.name: field for field in dataclasses.fields(HParams)}
)
_TYPES = typing.get_type_hints(HParams)
_ASSIGNMENT = re.compile(r"\s*(\w+)\s*(?:\[\s*(\d+)\s*\])?\s*=\s*(\[[^\]]*\]|[^,\[\]]*)\s*(?:,|$)")


def field_of(name: str) -> dataclasses.Field[Any]:
    """Returns the field of the hyperparameter `name`.

    Raises:
      ConfigError: there is none; the message suggests the nearest.
    """
    if name not in FIELDS:
        raise ConfigError(
            f"unknown hyperparameter '{name}'{did_you_mean(name, FIELDS)} "
            f"Known: {', '.join(FIELDS)}"
        )
    return FIELDS[name]


def parse_assignments(text: str, flag: str = "--hparams") -> list[tuple[str, int | None, str]]:
    """Splits `a=1,b=[2,3],c[0]=4` into (name, index or None, value as text).

    Args:
      text: the assignments.
      flag: where the user wrote them, for error messages.

    Raises:
      ConfigError: a part is not an assignment.
    """
    found = []
    position = 0
    while text[position:].strip():
        match = _ASSIGNMENT.match(text, position)
        if match is None:
            raise ConfigError(
                f"{flag}: cannot read '{text[position:].strip()}'; "
                "write name=value,name=[value,value]"
            )
        name, index, value = match.groups()
        found.append((name, None if index is None else int(index), value.strip()))
        position = match.end()
    return found


def _is_tuple(field: dataclasses.Field[Any]) -> bool:
    return typing.get_origin(_TYPES[field.name]) is tuple


def _from_text(field: dataclasses.Field[Any], text: str) -> Any:
    """Parses one value; a tuple's may be a lone number, as Magenta's parser allows."""
    if _is_tuple(field):
        inner = text[1:-1] if text.startswith("[") else text
        return tuple(_scalar(field, int, item.strip()) for item in inner.split(",") if item.strip())
    return _scalar(field, _TYPES[field.name], text)


def _scalar(field: dataclasses.Field[Any], kind: type, text: str) -> Any:
    if kind is str:
        return text.strip("'\"")
    if kind is bool:
        values = {"true": True, "1": True, "false": False, "0": False}
        if text.lower() in values:
            return values[text.lower()]
    else:
        try:
            return kind(text)
        except ValueError:
            pass
    raise ConfigError(f"hyperparameter {field.name}='{text}' is not of type {_type_name(field)}")


def _type_name(field: dataclasses.Field[Any]) -> str:
    return "list of int, such as [256,256]" if _is_tuple(field) else _TYPES[field.name].__name__


def _checked(field: dataclasses.Field[Any], value: Any, noun: str) -> Any:
    """Returns the value in the field's own type, or raises ConfigError."""
    kind = _TYPES[field.name]
    if _is_tuple(field):
        items = [value] if type(value) is int else value
        fits = isinstance(items, list | tuple) and bool(items)
        fits = fits and all(type(item) is int for item in items)
        value = tuple(items) if fits else value
    elif kind is float:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        value = float(value) if fits else value
    else:
        fits = type(value) is kind
    if not fits:
        raise ConfigError(f"{noun} {field.name}={value!r} is not of type {_type_name(field)}")
    low, high, choices = (field.metadata[key] for key in ("low", "high", "choices"))
    for item in value if isinstance(value, tuple) else (value,):
        if choices and item not in choices:
            raise ConfigError(
                f"{noun} {field.name}='{item}'{did_you_mean(item, choices)} is not one of "
                f"{', '.join(choices)}"
            )
        if (low is not None and not item >= low) or (high is not None and not item <= high):
            allowed = f"at least {low}" if high is None else f"between {low} and {high}"
            raise ConfigError(f"{noun} {field.name}={item} is out of range; it must be {allowed}")
    return value
