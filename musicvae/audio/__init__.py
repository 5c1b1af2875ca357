"""Music as sound: a synthesizer of its own, FluidSynth where it is installed, WAV files."""
