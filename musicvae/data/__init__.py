"""Music files in, NoteSequences on disk, batches out.

A MIDI, MusicXML or ABC file becomes NoteSequences (seconds, MIDI pitches); these are kept in
TFRecords, which need no TensorFlow to read or write.
"""
