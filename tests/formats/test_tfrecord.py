from __future__ import annotations

import gzip
import os
import struct

import pytest

from musicvae.errors import DataError, InputError
from musicvae.formats import tfrecord
from musicvae.formats.tfrecord import (
    RecordWriter,
    framed,
    masked_crc,
    read_note_sequences,
    read_records,
    write_note_sequences,
    write_records,
)
from musicvae.lazy_note_seq import NoteSequence


def _sequence(name: str) -> NoteSequence:
    sequence = NoteSequence(id=name, total_time=1.5)
    sequence.notes.add(pitch=60, velocity=80, start_time=0.5, end_time=1.5)
    return sequence


def test_crcs_are_those_of_the_format():
    # RFC 3720 B.4: the CRC-32C of 32 zero bytes is 0x8a9136aa; TFRecords rotate it and add.
    crc = 0x8A9136AA
    masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    assert masked_crc(bytes(32)) == masked


def test_records_come_back_as_they_were(tmp_path):
    records = [b"", b"a", bytes(range(256)) * 1000]
    assert write_records(tmp_path / "x.tfrecord", records) == 3
    assert list(read_records(tmp_path / "x.tfrecord")) == records


def test_sequences_come_back_as_they_were(tmp_path):
    sequences = [_sequence("a"), _sequence("b")]
    write_note_sequences(tmp_path / "x.tfrecord", sequences)
    assert list(read_note_sequences(tmp_path / "x.tfrecord")) == sequences


def test_gzipped_files_are_read_too(tmp_path):
    path = tmp_path / "x.tfrecord.gz"
    path.write_bytes(gzip.compress(framed(b"one") + framed(b"two")))
    assert list(read_records(path)) == [b"one", b"two"]


def test_a_record_whose_length_looks_like_gzip_is_not_taken_for_it(tmp_path):
    record = bytes(0x088B1F)
    write_records(tmp_path / "x", [record])
    assert (tmp_path / "x").read_bytes()[:3] == b"\x1f\x8b\x08"
    assert list(read_records(tmp_path / "x")) == [record]


@pytest.mark.parametrize("shards", [1, 3, 7])
def test_shards_take_turns_and_lose_nothing(tmp_path, shards, monkeypatch):
    monkeypatch.setattr(tfrecord, "_WAITING_BYTES", 20)
    names = [f"record {index}" for index in range(10)]
    write_note_sequences(tmp_path / f"x@{shards}.tfrecord", map(_sequence, names))
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files[0] == f"x-00000-of-{shards:05d}.tfrecord"
    assert len(files) == shards
    found = [sequence.id for sequence in read_note_sequences(str(tmp_path / "x@*.tfrecord"))]
    assert sorted(found) == names
    assert found[:2] == [names[0], names[shards % 10] if shards < 10 else names[1]]


def _broken(kind: str) -> bytes:
    good, other = framed(b"first"), framed(b"second record")
    return (
        good
        + {
            "length": b"\xff" + other[1:],
            "bytes": other[:14] + b"?" + other[15:],
            "checksum": other[:-1] + b"?",
            "cut in length": other[:7],
            "cut in bytes": other[:20],
            "cut in checksum": other[:-2],
            "huge length": struct.pack("<QI", 1 << 60, masked_crc(struct.pack("<Q", 1 << 60))),
        }[kind]
    )


@pytest.mark.parametrize(
    "kind",
    ["length", "bytes", "checksum", "cut in length", "cut in bytes", "cut in checksum"],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_a_broken_file_is_an_error_that_names_file_and_record(tmp_path, kind, zipped):
    path = tmp_path / "broken.tfrecord"
    path.write_bytes(gzip.compress(_broken(kind)) if zipped else _broken(kind))
    reader = read_records(path)
    assert next(reader) == b"first"
    with pytest.raises(DataError, match=r"broken\.tfrecord.*record 1"):
        next(reader)


def test_a_length_of_an_exabyte_is_not_believed(tmp_path):
    (tmp_path / "x").write_bytes(_broken("huge length"))
    with pytest.raises(DataError, match="record 1 has 1152921504606846976 bytes"):
        list(read_records(tmp_path / "x"))


def test_a_cut_gzip_file_is_an_error(tmp_path):
    (tmp_path / "x.gz").write_bytes(gzip.compress(framed(os.urandom(5000)))[:-100])
    with pytest.raises(DataError, match="record 0"):
        list(read_records(tmp_path / "x.gz"))


@pytest.mark.parametrize("content", [b"MThd and so on, a MIDI file", b"x"])
def test_another_kind_of_file_is_no_tfrecord(tmp_path, content):
    (tmp_path / "song.mid").write_bytes(content)
    with pytest.raises(DataError, match=r"song\.mid' is not a TFRecord"):
        list(read_records(tmp_path / "song.mid"))


@pytest.mark.parametrize("record", [b"\x0a\x05\x0a\x03abc", b"\xff\xff\xff"])
def test_records_of_another_kind_are_refused(tmp_path, record):
    write_records(tmp_path / "x", [record])
    with pytest.raises(DataError, match="record 0 is not a NoteSequence"):
        list(read_note_sequences(tmp_path / "x"))


def test_a_writer_that_fails_leaves_the_old_file(tmp_path):
    write_records(tmp_path / "x@2", [b"old"])

    def records():
        yield b"new"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_records(tmp_path / "x@2", records())
    assert list(read_records(tmp_path / "x-00000-of-00002")) == [b"old"]
    assert len(list(tmp_path.iterdir())) == 2


def test_an_output_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="cannot write"):
        write_records(tmp_path / "file" / "x.tfrecord", [])
    with pytest.raises(InputError, match="it is a folder"):
        RecordWriter(tmp_path)


def test_magentas_own_tfrecord_is_written_back_byte_for_byte(shared, tmp_path):
    path = shared / "golden/run/groove_eval_session.tfrecord"
    write_records(tmp_path / "x", read_records(path))
    assert (tmp_path / "x").read_bytes() == path.read_bytes()
