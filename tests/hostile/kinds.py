"""The kinds of hostile inputs by name."""

from __future__ import annotations

from collections.abc import Mapping

from hostile import (
    archives,
    arguments,
    checkpoints,
    disks,
    downloads,
    kills,
    music,
    records,
    settings,
    states,
    work,
)
from hostile.runner import Kind

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("music", "MIDI, RIFF, MusicXML, .mxl, ABC", music.make, 350, start=music.start),
        Kind(
            "archives", ".tar and .tar.gz of checkpoints", archives.make, 100, start=archives.start
        ),
        Kind(
            "checkpoints",
            "index, data, `checkpoint`, priors, attribute vectors, run folders",
            checkpoints.make,
            150,
            start=checkpoints.start,
        ),
        Kind(
            "toml", "configurations and hyperparameters", settings.make, 100, start=settings.start
        ),
        Kind("tfrecords", "TFRecords of NoteSequences", records.make, 120, start=records.start),
        Kind(
            "arguments",
            "command lines, up to the import of TensorFlow",
            arguments.make,
            80,
            start=arguments.start,
            local_ports=True,
        ),
        Kind(
            "downloads",
            "answers of servers",
            downloads.make,
            40,
            start=downloads.start,
            local_ports=True,
        ),
        Kind("states", "what runs leave and later runs trust", states.make, 80, start=states.start),
        Kind(
            "kills",
            "work that is killed at any step, and done again",
            kills.make,
            10,
            start=work.start,
        ),
        Kind(
            "disks",
            "work for which there is no room",
            disks.make,
            10,
            start=work.start,
        ),
    )
}
