from __future__ import annotations

import gzip
import itertools
import json
import os
import signal
import subprocess
import sys
import time

import midi_files as files
import pytest
from command_line import run_command_line

pytest.importorskip("apache_beam")

from musicvae.config import load_config
from musicvae.converters import build_converter
from musicvae.data.preprocess import PreprocessOptions, preprocess
from musicvae.errors import DataError, InputError
from musicvae.formats.midi import midi_to_note_sequence
from musicvae.formats.tfrecord import (
    RecordRange,
    read_note_sequences,
    read_records,
    record_ranges,
    write_note_sequences,
    write_records,
)

ONE_PROCESS = ("--runner=FnApiRunner", "--default_sdk_harness_log_level=ERROR")


@pytest.fixture
def pieces(tmp_path):
    """Three TFRecord shards; the first two pieces are equal."""
    sequences = [midi_to_note_sequence(files.scale(length)) for length in (8, 8, 24)]
    for index, sequence in enumerate(sequences):
        sequence.id = f"piece {index}"
    write_note_sequences(tmp_path / "in@3.tfrecord", sequences)
    return sequences


def _job(tmp_path, **settings) -> PreprocessOptions:
    given = {
        "input_tfrecord": f"{tmp_path}/in@3.tfrecord",
        "output_tfrecord": f"{tmp_path}/out.tfrecord",
        "output_shards": 2,
        "config": "cat-mel_2bar_small",
        "pipeline_options": ONE_PROCESS,
    }
    return PreprocessOptions(**{**given, **settings})


def test_each_different_example_comes_once_with_the_pieces_it_is_in(pieces, tmp_path):
    counts = preprocess(_job(tmp_path))
    converter = build_converter(load_config("cat-mel_2bar_small").converter)
    expected = {
        example.outputs.tobytes()
        for piece in pieces
        for example in converter.extract(piece).examples
    }
    found = list(read_note_sequences(f"{tmp_path}/out.tfrecord@2"))
    written = [converter.extract(sequence).examples for sequence in found]
    assert all(len(examples) == 1 for examples in written)
    assert {examples[0].outputs.tobytes() for examples in written} == expected
    assert len(found) == len(expected) == counts["unique examples"]
    assert counts["pieces"] == 3
    assert "piece 0,piece 1" in {",".join(sequence.id.split(",")[:2]) for sequence in found}


def test_ranges_cut_a_file_and_a_break_is_named_by_its_record(tmp_path):
    path = tmp_path / "in.tfrecord"
    write_records(path, [bytes([k]) * (k + 1) for k in range(7)])
    ranges = list(record_ranges(path, 3))
    assert [(part.first, part.number) for part in ranges] == [(0, 3), (3, 3), (6, None)]
    parts = [
        record
        for part in ranges
        for record in itertools.islice(read_records(path, offset=part.offset), part.number)
    ]
    assert parts == list(read_records(path))
    content = path.read_bytes()
    path.write_bytes(content[: ranges[1].offset] + b"?" + content[ranges[1].offset + 1 :])
    *_, last = record_ranges(path, 3)
    assert last == ranges[1]._replace(number=None)
    with pytest.raises(DataError, match="record 3"):
        list(read_records(path, offset=last.offset, first=last.first))
    path.write_bytes(gzip.compress(content))
    assert list(record_ranges(path, 3)) == [RecordRange()]


def test_a_folder_of_music_is_converted_as_musicvae_convert_does(tmp_path):
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "a.mid").write_bytes(files.scale(3))
    (tmp_path / "music" / "bad.mid").write_bytes(b"junk")
    options = _job(tmp_path, input_tfrecord="", input_dir=f"{tmp_path}/music/", config="")
    counts = preprocess(options)
    (sequence,) = read_note_sequences(f"{tmp_path}/out.tfrecord@2")
    assert sequence.id.startswith("/id/midi/music/")
    assert sequence.filename == "a.mid"
    assert counts == {"sequences": 1, "skipped files: not_midi": 1}


def test_a_broken_input_leaves_the_old_output(pieces, tmp_path):
    (tmp_path / "out.tfrecord-00000-of-00002").write_bytes(b"old")
    path = tmp_path / "in-00001-of-00003.tfrecord"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"in-00001-of-00003\.tfrecord.*record 0"):
        preprocess(_job(tmp_path))
    assert (tmp_path / "out.tfrecord-00000-of-00002").read_bytes() == b"old"
    assert not list(tmp_path.glob("*unfinished*"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"input_tfrecord": ""}, "give either"),
        ({"config": ""}, "missing --config"),
        ({"input_tfrecord": "nothing"}, "no file matches"),
        ({"output_shards": 0}, "not in 1"),
    ],
)
def test_jobs_that_make_no_sense_are_named(pieces, tmp_path, settings, message):
    with pytest.raises(InputError, match=message):
        preprocess(_job(tmp_path, **settings))


@pytest.mark.slow
def test_several_worker_processes_write_what_one_writes(pieces, tmp_path):
    several = (
        "--runner=FnApiRunner",
        "--direct_num_workers=3",
        "--direct_running_mode=multi_processing",
        "--default_sdk_harness_log_level=ERROR",
    )
    found = []
    for name, options in (("one", ONE_PROCESS), ("several", several)):
        counts = preprocess(
            _job(tmp_path, output_tfrecord=f"{tmp_path}/{name}.tfrecord", pipeline_options=options)
        )
        records = [
            record.SerializeToString(deterministic=True)
            for record in read_note_sequences(f"{tmp_path}/{name}.tfrecord@2")
        ]
        found.append((counts, sorted(records)))
    assert found[0] == found[1]
    assert len(found[0][1]) > 1


def test_the_command_counts_and_names_the_shards_that_it_wrote(pieces, tmp_path, capfd):
    ran = run_command_line(
        capfd,
        "preprocess",
        f"--input_tfrecord={tmp_path}/in@3.tfrecord",
        f"--output_tfrecord={tmp_path}/out.tfrecord",
        "--config=cat-mel_2bar_small",
        "--output_shards=2",
        f"--pipeline_options={','.join(ONE_PROCESS)}",
        "--json",
    )
    assert ran.status == 0, ran.err
    document = json.loads(ran.out)
    assert document["counts"]["unique examples"] == 3
    assert document["files"] == [f"{tmp_path}/out.tfrecord-0000{k}-of-00002" for k in (0, 1)]
    assert sum(len(list(read_note_sequences(file))) for file in document["files"]) == 3


@pytest.mark.slow
def test_workers_need_no_tensorflow_and_a_kill_leaves_the_old_output(pieces, tmp_path):
    (tmp_path / "blocked" / "tensorflow").mkdir(parents=True)
    (tmp_path / "blocked" / "tensorflow" / "__init__.py").write_text("raise SystemExit('blocked')")
    command = [
        sys.executable, "-m", "musicvae.cli.preprocess",
        f"--input_tfrecord={tmp_path}/in@3.tfrecord",
        f"--output_tfrecord={tmp_path}/out.tfrecord", "--config=cat-mel_2bar_small",
        "--output_shards=1", "--num_workers=2",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "blocked")}
    output = tmp_path / "out.tfrecord-00000-of-00001"
    output.write_bytes(b"old")
    for seconds in (4, 8):
        process = subprocess.Popen(command, env=environment, start_new_session=True)
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert output.read_bytes() == b"old" or list(read_note_sequences(output))
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr[-2000:]
    assert list(read_note_sequences(output))
    assert not list(tmp_path.glob(".out*"))
