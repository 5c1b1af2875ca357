"""The file formats: Standard MIDI files, scores, TFRecords, TensorFlow checkpoints, archives.

Nothing here knows what the music is used for.
"""
