"""Everything that this package raises on purpose, as one tree.

    MusicVAEError
    ├── ConfigError            a named configuration, a TOML file or a hyperparameter
    ├── InputError             what the user gave: a flag, a path, a MIDI file
    │   ├── NoExamplesError    the input was read, but nothing in it fits the configuration
    │   └── MultipleExamplesError  one example was asked for, and the input has several
    ├── DataError              a TFRecord or cache that is broken or holds something else
    ├── CheckpointError        a checkpoint, run folder or archive
    │   └── CheckpointMismatchError  read, but its variables do not fit the model
    ├── TrainingError          training cannot go on: a NaN loss, a full disk
    └── MissingExtraError      an optional dependency that this feature needs is not installed

A message is one line: the value, what is allowed, which file or flag it concerns and what to do
next. Commands print it without a traceback and exit with status 1.
"""

from __future__ import annotations

_MAX_CHARACTERS = 1000


class MusicVAEError(Exception):
    """Base of every error that this package raises on purpose."""

    def __str__(self) -> str:
        """Returns the message on one line, whatever names and values are quoted in it."""
        message = super().__str__()
        if len(message.splitlines()) > 1:
            message = " ".join(message.split())
        if len(message) > _MAX_CHARACTERS:
            half = _MAX_CHARACTERS // 2
            message = f"{message[:half]} ... {message[-half:]}"
        return message


class ConfigError(MusicVAEError):
    """A configuration or hyperparameter is unknown, of the wrong type or out of range."""


class InputError(MusicVAEError):
    """What the user gave cannot be used: a flag, a path or a file's content."""


class NoExamplesError(InputError):
    """The input was read, but nothing in it fits the configuration."""


class MultipleExamplesError(InputError):
    """The input has several examples where exactly one was asked for."""


class DataError(MusicVAEError):
    """A TFRecord or a cache is broken, or holds something other than NoteSequences."""


class CheckpointError(MusicVAEError):
    """A checkpoint, run folder or archive is missing, broken or refused."""


class CheckpointMismatchError(CheckpointError):
    """The checkpoint's variables do not fit the model that was asked for."""


class TrainingError(MusicVAEError):
    """Training cannot go on."""


class MissingExtraError(MusicVAEError):
    """A feature needs an optional dependency that is not installed."""

    def __init__(self, feature: str, package: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs {package}, which is not installed; "
            f"run `pip install 'musicvae[{extra}]'`"
        )
