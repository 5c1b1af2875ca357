"""The members of each command's `--json` document; scripts/json_page.py writes docs/json.md."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

COMMON: Mapping[str, str] = MappingProxyType(
    {
        "command": "name of the command, such as `generate`",
        "version": "version of musicvae",
        "status": "exit status: 0, 1 for an error, 2 for a wrong command line, 130 after Ctrl-C",
        "notes": "messages for the user: what was adapted, skipped or assumed",
        "flags": "value of every flag, defaults included; absent if the command line is wrong",
        "error": "what went wrong, in one line; absent on success",
    }
)
"""Members of every document."""

_MODEL: Mapping[str, str] = {
    "model": "`config`, `checkpoint`, `step`, `z_size` and `hparams` of the model",
    "seed": "random seed, also where none was given; the same seed gives the same result again",
}
_CONFIGS: Mapping[str, str] = {
    "configs": "with `--list_configs`: `name`, `description` and `aliases` of each configuration"
}

FIELDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "generate": {
            **_MODEL,
            **_CONFIGS,
            "mode": "value of `--mode`",
            "temperatures": "temperatures of decoding: of `--temperature`, or the model's own",
            "samples": "for each MIDI file: `path`, `title`, `num_notes` and `seconds`",
            "files": "paths of pictures, scores, audio and pages beside them",
            "candidates": "with `--strict`: paths of the windows to choose from",
            "tasks": "with `--input_dir`: `inputs`, `outputs` and `state` of each task: `done`, "
            "`done before` or `skipped`, then with its `reason`",
        },
        "convert": {
            "files": "paths of the TFRecords",
            "report": "path of the report, if one was asked for",
            "totals": "counts of files, sequences, notes, hours, and of skipped and corrected "
            "files by reason",
        },
        "train": {
            **_CONFIGS,
            "run_dir": "path of the run folder",
            "config": "name of the configuration",
            "hparams": "every hyperparameter",
            "seed": "random seed",
            "examples": "TFRecords that were trained or evaluated on",
            "step": "training step reached, or evaluated",
            "num_steps": "step to train to",
            "checkpoint": "prefix of the last checkpoint",
            "evaluations": "evaluations of this run: `step`, `examples` and `scalars` by tag",
        },
        "evaluate": {
            **_MODEL,
            "figures": "contents of evaluation.json",
            "files": "paths of the report, its figures and its pictures",
        },
        "inspect": {
            "inspected": "for each argument: `path`, `kind` (`music`, `examples`, `run folder` or "
            "`checkpoint`) and what was found: `pieces` and their `tracks`, `num_examples` and "
            "`rejections`, or `step`, `variables` and the configurations that it `fits`",
        },
        "attributes": {
            **_MODEL,
            "files": "paths of the vectors, their description and the picture",
            "vectors": "names of the attribute vectors",
            "changes": "mean of each attribute, before and after each vector is added or "
            "subtracted",
            "left_out": "reason by name, for attributes without a vector",
            "num_examples": "number of examples that the vectors come from",
        },
        "prior": {
            **_MODEL,
            "files": "path of the prior",
            "num_examples": "number of examples that it was fitted to",
            "directions": "number of directions of latent space that it covers",
            "loss": "error on held-out pieces",
            "gaussian_loss": "error of a Gaussian on them",
            "attributes": "names of the attributes that it can be asked for",
            "groups": "names of the groups that it can be asked for",
        },
        "encode": {
            **_MODEL,
            "files": "path of the table, if one was written",
            "num_windows": "number of rows",
            "num_files": "number of music files that they come from",
            "z_size": "numbers in a code",
            "neighbours": "with `--input_midi_1`: `distance`, `bar`, `to_bar` and `file` of the "
            "nearest pieces",
        },
        "style": {
            **_MODEL,
            "files": "path of the style",
            "num_windows": "number of windows that it was learnt from",
            "num_files": "number of music files that they come from",
            "axes": "for each axis its `share` of what differs and its `meaning`",
            "nearest": "share of the steps by which samples differ from the nearest window: "
            "`median` and `least`",
        },
        "decode": {
            **_MODEL,
            "files": "paths of the MIDI files",
            "num_rows": "rows of the table",
        },
        "studio": {
            **_MODEL,
            "address": "URL of the studio; the document is printed when it listens",
        },
        "export": {
            **_CONFIGS,
            "model": "`config` and `checkpoint` of the model",
            "format": "value of `--format`, or the one that `--demo` takes",
            "files": "paths of what was written",
            "bytes": "size of all of it",
        },
        "preprocess": {
            "files": "paths of the TFRecords",
            "counts": "what Apache Beam counted, by name",
        },
        "download": {
            "models": "with `--list`: `name` and `description` of each published model",
            "files": "paths of the checkpoints",
        },
        "models": {"models": "`name`, `description`, `path` and `bytes` of each model that ships"},
        "doctor": {"found": "value of each line by its name"},
        "completion": {"script": "the completion script"},
        "": {"commands": "what each command does, by name"},
    }
)
"""Members of each command's own, by command; "" is `musicvae` by itself."""
