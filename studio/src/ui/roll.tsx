// The piano roll and drum grid: draws a clip, and lets notes be added, moved, stretched and taken away.
import {useSignal} from '@preact/signals';
import {useEffect, useLayoutEffect, useMemo, useRef} from 'preact/hooks';
import {audition, playing, position} from '../audio/player';
import {quartersPerBar} from '../music/clip';
import {edit} from '../state/actions';
import * as store from '../state/store';
import type {Clip} from '../types';
import {add, type Cursor, drag, find, HIT_WIDTH, keyed, setVelocity, spoken, stretch} from './roll_edit';
import {partIndex, rowIndex, rowsOf} from './rows';
import {Ruler} from './ruler';
import {Velocities} from './velocities';

const LABELS = 98;
const RULER = 20;
const LANE = 53;
const EDGE_PIXELS = 7;
const MOST_LIT = 900;

type Gesture =
  | {kind: 'hit'; index: number; y: number; velocity: number; moved: boolean}
  | {kind: 'paint'; row: number}
  | {kind: 'move'; clip: Clip; index: number; beat: number; row: number; moved: boolean}
  | {kind: 'stretch'; index: number};

export function Roll({clip}: {clip: Clip}) {
  const frame = useRef<HTMLDivElement>(null);
  const svg = useRef<SVGSVGElement>(null);
  const gesture = useRef<Gesture | null>(null);
  const size = useSignal({width: 640, height: 300});
  const chosen = useSignal(-1);
  const cursor = useSignal<Cursor | null>(null);
  const {value: model} = store.model;
  const rows = useMemo(() => rowsOf(clip, model), [clip, model]);
  const rowOf = useMemo(() => rowIndex(rows), [rows]);
  const partOf = useMemo(() => partIndex(clip), [clip]);
  const step = 1 / (model?.steps_per_quarter ?? 4);
  const grid = {rows, step};

  useLayoutEffect(() => {
    const measure = () => {
      const {clientWidth: width, clientHeight: height} = frame.current!;
      if (width !== size.value.width || height !== size.value.height) size.value = {width, height};
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(frame.current!);
    return () => observer.disconnect();
  }, []);

  const least = clip.length <= 16 ? 44 : 26;
  const width = Math.max(size.value.width - LABELS, clip.length * least);
  const perBeat = width / clip.length;
  const rowHeight = Math.max(rows.every(({drum}) => drum) ? 15 : 10, Math.min(56, (size.value.height - RULER - LANE - 2) / rows.length));
  const height = rowHeight * rows.length;

  usePlayhead(frame, svg, clip, perBeat);

  const placeOf = (event: PointerEvent | MouseEvent) => {
    const box = svg.current!.getBoundingClientRect();
    const beat = Math.min(Math.max(0, (event.clientX - box.left) / perBeat), clip.length - 1e-6);
    return {beat, row: Math.min(rows.length - 1, Math.max(0, Math.floor((event.clientY - box.top) / rowHeight)))};
  };
  const hear = (at: Clip, index: number) => {
    const note = at.notes[index];
    if (note && !playing.value) void audition(note);
  };
  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    cursor.value = null;
    const {beat, row} = placeOf(event);
    const index = find(clip, grid, row, beat);
    svg.current!.setPointerCapture(event.pointerId);
    if (index < 0) {
      const added = add(clip, grid, row, beat);
      edit(added.clip);
      hear(added.clip, added.index);
      chosen.value = added.index;
      gesture.current = rows[row]!.drum ? {kind: 'paint', row} : {kind: 'stretch', index: added.index};
      return;
    }
    chosen.value = index;
    const note = clip.notes[index]!;
    if (note.drum) gesture.current = {kind: 'hit', index, y: event.clientY, velocity: note.velocity, moved: false};
    else if ((note.end - beat) * perBeat < EDGE_PIXELS && event.pointerType !== 'touch') gesture.current = {kind: 'stretch', index};
    else {
      hear(clip, index);
      gesture.current = {kind: 'move', clip, index, beat, row, moved: false};
    }
  };
  const move = (event: PointerEvent) => {
    const held = gesture.current;
    if (!held) return;
    const {beat, row} = placeOf(event);
    if (held.kind === 'hit') {
      if (Math.abs(event.clientY - held.y) > 3) held.moved = true;
      if (held.moved) edit(setVelocity(clip, held.index, held.velocity + (held.y - event.clientY) * 1.2).clip);
    } else if (held.kind === 'paint') {
      if (find(clip, grid, held.row, beat) < 0) edit(add(clip, grid, held.row, beat).clip);
    } else if (held.kind === 'stretch') {
      if (clip.notes[held.index]) edit(stretch(clip, grid, held.index, beat + step / 2).clip);
    } else {
      const dragged = drag(held.clip, grid, held.index, beat - held.beat, row - held.row);
      if (Math.abs(beat - held.beat) * perBeat > 3 || row !== held.row) held.moved = true;
      if (!held.moved) return;
      edit(dragged.clip);
      chosen.value = dragged.index;
    }
  };
  const up = () => {
    const held = gesture.current;
    gesture.current = null;
    if (held?.kind === 'hit' && !held.moved) remove(held.index);
  };
  const remove = (index: number) => {
    if (index < 0) return;
    edit({...clip, z: null, notes: clip.notes.filter((_, k) => k !== index)});
    chosen.value = -1;
  };
  const removeUnder = (event: MouseEvent) => {
    event.preventDefault();
    const {beat, row} = placeOf(event);
    remove(find(clip, grid, row, beat));
  };
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey) return;
    const from = cursor.value ?? {row: Math.max(0, rowOf(clip.notes[0] ?? {pitch: 0, drum: false} as never)), step: 0};
    const result = keyed(clip, grid, from, event);
    if (!result) return;
    event.preventDefault();
    cursor.value = result.cursor ?? from;
    if (result.clip) edit(result.clip);
  };
  const bar = quartersPerBar(clip);
  const steps = Math.round(clip.length / step);
  const lines = perBeat * step > 5 ? Array.from({length: steps}, (_, k) => k * step) : Array.from({length: Math.ceil(clip.length)}, (_, k) => k);
  return (
    <div class="roll-frame" ref={frame}>
      <div class="roll-inner" style={{width: `${width + LABELS}px`}}>
        <Ruler clip={clip} perBeat={perBeat} left={LABELS} />
        <div class="labels" style={{height: `${height}px`}} aria-hidden="true">
          {rows.map((row, k) => (
            <span key={k} class={`${row.shaded ? 'shaded' : ''}${row.drum ? ' drum' : ''}`} style={{height: `${rowHeight}px`}}>
              {row.drum || rowHeight > 13 || row.label.startsWith('C') && !row.label.includes('♯') ? row.label : ''}
            </span>
          ))}
        </div>
        <svg ref={svg} id="roll" class="roll" width={width} height={height} tabIndex={0} role="application"
          aria-label={`Notes of ${clip.name}. Arrow keys move the cursor, Enter adds or removes, plus and minus change velocity, Shift with arrows changes length, Alt with arrows moves.`}
          onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={up} onContextMenu={removeUnder}
          onDblClick={(event) => !rows[placeOf(event).row]?.drum && chosen.value >= 0 && removeUnder(event)} onKeyDown={key} onBlur={() => (cursor.value = null)}>
          {rows.map((row, k) => row.shaded && <rect key={k} class="row" y={k * rowHeight} width={width} height={rowHeight} />)}
          {lines.map((beat) => <line key={beat} class={beat % bar === 0 ? 'bar' : beat % 1 === 0 ? 'beat' : 'step'} x1={beat * perBeat} x2={beat * perBeat} y2={height} />)}
          {clip.notes.map((note, k) => {
            const row = rowOf(note);
            const drumWidth = Math.min(step * perBeat, Math.max(5, step * perBeat * HIT_WIDTH));
            const tall = note.drum ? 0.3 + 0.58 * (note.velocity / 127) : 0.84;
            return row >= 0 && (
              <rect key={k} class={`note part-${partOf(note)}${k === chosen.value ? ' chosen' : ''}`} data-pitch={note.pitch} data-start={note.start}
                x={note.start * perBeat + 0.5} y={row * rowHeight + rowHeight * (1 - tall) / 2} rx={Math.min(3, rowHeight / 4)}
                width={note.drum ? drumWidth - 1 : Math.max(3, (note.end - note.start) * perBeat - 1)} height={rowHeight * tall}
                fill-opacity={0.35 + 0.65 * (note.velocity / 127)} />
            );
          })}
          {cursor.value && <rect class="cursor" x={cursor.value.step * step * perBeat} y={cursor.value.row * rowHeight} width={step * perBeat} height={rowHeight} rx="3" />}
        </svg>
        <Velocities clip={clip} perBeat={perBeat} width={width} chosen={chosen} left={LABELS} partOf={partOf} />
        <div class="playhead" style={{left: `${LABELS}px`}} />
      </div>
      <p class="sr-only" role="status">{cursor.value ? spoken(clip, grid, cursor.value) : ''}</p>
    </div>
  );
}

/** Moves the playhead with the music, lights the notes that sound, and keeps a long piece in view. */
function usePlayhead(frame: {current: HTMLDivElement | null}, svg: {current: SVGSVGElement | null}, clip: Clip, perBeat: number): void {
  useEffect(() => {
    let request = 0;
    const head = frame.current!.querySelector<HTMLElement>('.playhead')!;
    const draw = () => {
      request = requestAnimationFrame(draw);
      const beat = position();
      head.classList.toggle('on', beat !== null);
      const notes = clip.notes.length <= MOST_LIT ? svg.current?.querySelectorAll('.note') : undefined;
      notes?.forEach((rect, k) => {
        const note = clip.notes[k];
        const lit = beat !== null && note !== undefined && note.start <= beat && beat < Math.max(note.end, note.start + 0.2);
        if (rect.classList.contains('lit') !== lit) rect.classList.toggle('lit', lit);
      });
      if (beat === null) return;
      const x = (beat % clip.length) * perBeat;
      head.style.transform = `translateX(${x}px)`;
      const {scrollLeft, clientWidth, scrollWidth} = frame.current!;
      const seen = clientWidth - LABELS;
      if (scrollWidth > clientWidth && (x < scrollLeft || x > scrollLeft + seen * 0.9)) frame.current!.scrollLeft = x - seen * 0.1;
    };
    request = requestAnimationFrame(draw);
    return () => cancelAnimationFrame(request);
  }, [clip, perBeat]);
}
