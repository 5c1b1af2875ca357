"use strict";
(() => {
  // A note is [start ms, length ms, pitch, velocity, voice]; voice -1 is the drum kit.
  const data = JSON.parse(document.getElementById("data").textContent);
  const pieces = data.pieces;
  const LOOK_AHEAD = 0.35, TICK = 90, TAIL = 0.6;

  const loudness = velocity => Math.pow(Math.max(velocity, 1) / 127, data.softPower);

  // Everything that sounds goes through one of these; closing it silences what is still to come.
  class Output {
    constructor(context, volume) {
      this.context = context;
      this.input = context.createGain();
      this.input.gain.value = 0.6;
      this.master = context.createGain();
      this.master.gain.value = volume;
      const limiter = context.createDynamicsCompressor();
      limiter.threshold.value = -12;
      limiter.knee.value = 6;
      limiter.ratio.value = 20;
      limiter.attack.value = 0.001;
      limiter.release.value = 0.12;
      const room = context.createConvolver();
      room.buffer = roomEcho(context);
      const wet = context.createGain();
      wet.gain.value = 0.16;
      this.input.connect(limiter);
      this.input.connect(room).connect(wet).connect(limiter);
      limiter.connect(this.master).connect(context.destination);
      this.openHats = [];
      this.waves = new Map();
    }
    close() {
      const now = this.context.currentTime;
      this.master.gain.setTargetAtTime(0, now, 0.012);
      setTimeout(() => this.master.disconnect(), 120);
    }
  }

  // The same pseudo-random numbers every time (mulberry32).
  function noiseSource(seed) {
    return () => {
      seed = (seed + 0x6D2B79F5) | 0;
      let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 2147483648 - 1;
    };
  }

  const buffers = new Map();
  function buffer(context, name, seconds, channels, fill) {
    const key = name + context.sampleRate;
    if (!buffers.has(key)) {
      const made = context.createBuffer(channels, Math.round(seconds * context.sampleRate),
        context.sampleRate);
      for (let c = 0; c < channels; c++) fill(made.getChannelData(c), context.sampleRate, c);
      buffers.set(key, made);
    }
    return buffers.get(key);
  }
  const noise = context => buffer(context, "noise", 2, 1, samples => {
    const next = noiseSource(7);
    for (let i = 0; i < samples.length; i++) samples[i] = next();
  });
  const clang = context => buffer(context, "clang", 2, 1, (samples, rate) => {
    for (let i = 0; i < samples.length; i++) {
      let sum = 0;
      for (const hz of data.clang) sum += Math.sin(2 * Math.PI * hz * i / rate) > 0 ? 1 : -1;
      samples[i] = sum / data.clang.length;
    }
  });
  const roomEcho = context => buffer(context, "room", 0.9, 2, (samples, rate, channel) => {
    const next = noiseSource(31 + channel);
    for (let i = 0; i < samples.length; i++) {
      samples[i] = i < 0.004 * rate ? 0 : next() * Math.exp(-i / (0.2 * rate)) * 0.5;
    }
  });

  function fallingGain(context, when, peak, decay) {
    const gain = context.createGain();
    gain.gain.setValueAtTime(0, when);
    gain.gain.linearRampToValueAtTime(peak, when + 0.001);
    gain.gain.setTargetAtTime(0, when + 0.001, decay);
    return gain;
  }

  function play(source, when, seconds) {
    source.start(when);
    source.stop(when + seconds);
  }

  function playDrum(out, when, pitch, velocity) {
    const context = out.context;
    const sound = data.drums[pitch] || data.otherDrum;
    const pan = context.createStereoPanner();
    pan.pan.value = sound.pan;
    const level = context.createGain();
    level.gain.value = sound.gain * loudness(velocity);
    level.connect(pan).connect(out.input);
    if (data.chokes.includes(pitch)) {
      for (const [start, gain] of out.openHats) {
        if (start < when - 0.001) gain.gain.setTargetAtTime(0, when, 0.008);
      }
      out.openHats = data.openHats.includes(pitch) ? [[when, level]] : [];
    }
    if (sound.tone_hz) {
      const tone = context.createOscillator();
      tone.frequency.setValueAtTime(sound.tone_start_hz, when);
      tone.frequency.setTargetAtTime(sound.tone_hz, when, sound.tone_sweep);
      tone.connect(fallingGain(context, when, 1, sound.tone_decay)).connect(level);
      play(tone, when, sound.tone_decay * 7);
    }
    if (sound.noise) {
      const source = context.createBufferSource();
      source.buffer = noise(context);
      const low = context.createBiquadFilter(), high = context.createBiquadFilter();
      low.type = "highpass";
      low.frequency.value = sound.noise_band_hz[0];
      high.type = "lowpass";
      high.frequency.value = Math.min(sound.noise_band_hz[1], context.sampleRate * 0.45);
      source.connect(low).connect(high)
        .connect(fallingGain(context, when, sound.noise, sound.noise_decay)).connect(level);
      play(source, when, Math.min(sound.noise_decay * 7, 1.9));
    }
    if (sound.metal) {
      const source = context.createBufferSource();
      source.buffer = clang(context);
      const high = context.createBiquadFilter();
      high.type = "highpass";
      high.frequency.value = data.clangLow;
      source.connect(high)
        .connect(fallingGain(context, when, sound.metal, sound.metal_decay)).connect(level);
      play(source, when, Math.min(sound.metal_decay * 7, 1.9));
    }
  }

  function waveOf(out, family, timbre, dullness) {
    const key = family + "/" + dullness;
    if (!out.waves.has(key)) {
      const sines = new Float32Array(timbre.harmonics.length + 1);
      timbre.harmonics.forEach((strength, k) => {
        sines[k + 1] = strength * Math.pow(k + 1, -dullness * 0.09);
      });
      out.waves.set(key, out.context.createPeriodicWave(new Float32Array(sines.length), sines,
        { disableNormalization: true }));
    }
    return out.waves.get(key);
  }

  function playTone(out, when, seconds, pitch, velocity, voice) {
    const context = out.context;
    const timbre = data.timbres[voice.family];
    const hz = 440 * Math.pow(2, (pitch - 69) / 12);
    const tone = context.createOscillator();
    tone.setPeriodicWave(waveOf(out, voice.family, timbre, 7 - (velocity >> 4)));
    tone.frequency.value = hz;
    const total = timbre.harmonics.reduce((sum, strength) => sum + strength, 0);
    const level = timbre.gain * Math.pow(2, -(pitch - 60) / 48) / Math.pow(total, 0.6)
      * loudness(velocity);
    const envelope = context.createGain(), end = when + Math.max(seconds, timbre.attack);
    envelope.gain.setValueAtTime(0, when);
    envelope.gain.linearRampToValueAtTime(level, when + timbre.attack);
    const filter = context.createBiquadFilter();
    filter.type = "lowpass";
    filter.frequency.value = Math.min(hz * 12, context.sampleRate * 0.45);
    if (timbre.decay) {
      const decay = timbre.decay * Math.pow(2, -Math.max(Math.log2(hz / 261.6), -2) / 3);
      envelope.gain.setTargetAtTime(level * timbre.sustain, when + timbre.attack, decay);
      filter.frequency.setTargetAtTime(hz * 2, when + timbre.attack, decay * 0.8);
    }
    envelope.gain.setTargetAtTime(0, end, timbre.release);
    if (timbre.vibrato) {
      const swing = context.createOscillator(), depth = context.createGain();
      swing.frequency.value = 5.2;
      depth.gain.setValueAtTime(0, when + 0.25);
      depth.gain.linearRampToValueAtTime(timbre.vibrato * hz, when + 0.6);
      swing.connect(depth).connect(tone.frequency);
      play(swing, when, end - when + timbre.release * 6);
    }
    const pan = context.createStereoPanner();
    pan.pan.value = voice.pan;
    tone.connect(filter).connect(envelope).connect(pan).connect(out.input);
    play(tone, when, end - when + timbre.release * 6);
  }

  function playNote(out, origin, note) {
    const [start, length, pitch, velocity, voice] = note;
    const when = Math.max(origin + start / 1000, out.context.currentTime);
    if (voice < 0) playDrum(out, when, pitch, velocity);
    else playTone(out, when, length / 1000, pitch, velocity, data.voices[voice]);
  }

  // Players: one piece sounds at a time.
  const status = document.getElementById("status");
  const volume = document.getElementById("volume"), loop = document.getElementById("loop");
  let context = null, current = null, all = false;

  const clock = seconds => Math.floor(seconds / 60) + ":"
    + String(Math.floor(seconds % 60)).padStart(2, "0");

  class Player {
    constructor(index, element) {
      this.index = index;
      this.piece = pieces[index];
      this.button = element.querySelector("button");
      this.slider = element.querySelector("input");
      this.time = element.querySelector("output");
      this.roll = element.querySelector(".roll");
      this.position = 0;
      this.head = document.createElement("div");
      this.head.className = "head";
      this.head.hidden = true;
      this.roll.append(this.head);
      this.button.addEventListener("click", () => {
        all = false;
        if (current === this) this.pause(); else this.start();
      });
      this.slider.addEventListener("input", () => this.seek(this.slider.value / 1000));
      this.roll.addEventListener("click", event => this.seekTo(event));
      this.show();
    }
    start() {
      if (current) current.pause();
      context = context || new AudioContext();
      context.resume();
      current = this;
      this.out = new Output(context, Number(volume.value) / 100);
      this.origin = context.currentTime + 0.06 - this.position;
      this.next = this.piece.notes.findIndex(note => note[0] / 1000 >= this.position - 0.001);
      if (this.next < 0) this.next = this.piece.notes.length;
      this.timer = setInterval(() => this.schedule(), TICK);
      this.schedule();
      this.button.textContent = "Pause";
      this.button.setAttribute("aria-label", "Pause " + this.piece.title);
      status.textContent = "Playing " + this.piece.title;
      this.animate();
    }
    schedule() {
      const now = context.currentTime - this.origin, notes = this.piece.notes;
      while (this.next < notes.length && notes[this.next][0] / 1000 < now + LOOK_AHEAD) {
        playNote(this.out, this.origin, notes[this.next++]);
      }
      if (loop.checked && now >= this.piece.seconds) {
        this.origin += this.piece.seconds;
        this.next = 0;
        this.schedule();
      } else if (!loop.checked && now >= this.piece.seconds + (all ? 0 : TAIL)) {
        this.pause(true);
        if (all && this.index + 1 < players.length) players[this.index + 1].start();
        else all = false;
      }
    }
    pause(atEnd) {
      clearInterval(this.timer);
      this.position = atEnd ? 0 : Math.max(context.currentTime - this.origin, 0);
      if (this.position >= this.piece.seconds) this.position = 0;
      if (atEnd && all) setTimeout(out => out.close(), TAIL * 1000, this.out);
      else this.out.close();
      current = null;
      this.button.textContent = "Play";
      this.button.setAttribute("aria-label", "Play " + this.piece.title);
      status.textContent = "";
      this.show();
    }
    seek(seconds) {
      const playing = current === this;
      if (playing) this.pause();
      this.position = Math.min(Math.max(seconds, 0), this.piece.seconds);
      this.show();
      if (playing) this.start();
    }
    seekTo(event) {
      const frame = this.roll.getBoundingClientRect();
      const x = (event.clientX - frame.left) / frame.width;
      const y = (event.clientY - frame.top) / frame.height;
      for (const [start, end, left, right, top, bottom] of this.piece.lines) {
        if (x >= left && x <= right && y >= top && y <= bottom) {
          this.seek(start + (end - start) * (x - left) / (right - left));
        }
      }
    }
    animate() {
      if (current !== this) return;
      this.position = Math.max(context.currentTime - this.origin, 0);
      this.show();
      requestAnimationFrame(() => this.animate());
    }
    show() {
      const seconds = Math.min(this.position, this.piece.seconds);
      this.slider.value = Math.round(seconds * 1000);
      this.slider.setAttribute("aria-valuetext", seconds.toFixed(1) + " seconds");
      this.time.textContent = clock(seconds) + " / " + clock(this.piece.seconds + 0.5);
      const line = this.piece.lines.find(([start, end]) => seconds >= start && seconds < end);
      this.head.hidden = !line || (seconds === 0 && current !== this);
      if (line) {
        const [start, end, left, right, top, bottom] = line;
        const x = left + (right - left) * (seconds - start) / (end - start);
        this.head.style.left = 100 * x + "%";
        this.head.style.top = 100 * top + "%";
        this.head.style.height = 100 * (bottom - top) + "%";
      }
    }
  }

  const players = [...document.querySelectorAll("article")].map((element, k) => new Player(k, element));
  volume.addEventListener("input", () => {
    if (current) current.out.master.gain.value = Number(volume.value) / 100;
  });
  document.getElementById("all").addEventListener("click", () => {
    all = true;
    loop.checked = false;
    if (players.length) { players[0].position = 0; players[0].start(); }
  });

  // For tests, and for who wants the sound as numbers: a piece as an AudioBuffer.
  window.renderPiece = (index, rate = 44100) => {
    const piece = pieces[index];
    const offline = new OfflineAudioContext(2, Math.ceil((piece.seconds + TAIL) * rate), rate);
    const out = new Output(offline, 1);
    for (const note of piece.notes) playNote(out, 0, note);
    return offline.startRendering();
  };
  document.documentElement.dataset.ready = String(players.length);
})();
