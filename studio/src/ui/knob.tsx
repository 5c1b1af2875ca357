// A knob: a range input that is drawn as an arc, turned by dragging up and down, by keys or by wheel.
import {useRef} from 'preact/hooks';

interface Props {
  label: string;
  value: number;
  low: number;
  high: number;
  step: number;
  normal: number;
  text?: (value: number) => string;
  title?: string;
  onChange: (value: number) => void;
}

const SWEEP = 270;
const PIXELS_OF_RANGE = 160;

export function Knob({label, value, low, high, step, normal, text = String, title, onChange}: Props) {
  const drag = useRef<{y: number; x: number; value: number} | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const bounded = (wanted: number) => {
    const stepped = Math.round(wanted / step) * step;
    return Math.min(high, Math.max(low, Number(stepped.toFixed(6))));
  };
  const set = (wanted: number) => {
    const next = bounded(wanted);
    if (next !== value) onChange(next);
  };
  const share = (value - low) / (high - low);
  const zero = low < 0 && high > 0 ? -low / (high - low) : 0;
  const down = (event: PointerEvent) => {
    event.preventDefault();
    input.current?.focus({preventScroll: true});
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    drag.current = {y: event.clientY, x: event.clientX, value};
  };
  const move = (event: PointerEvent) => {
    const from = drag.current;
    if (!from) return;
    const moved = from.y - event.clientY + (event.clientX - from.x) * 0.5;
    const fine = event.shiftKey ? 0.2 : 1;
    set(from.value + (moved / PIXELS_OF_RANGE) * (high - low) * fine);
  };
  return (
    <label class="knob" title={title}>
      <span class="dial" onPointerDown={down} onPointerMove={move} onPointerUp={() => (drag.current = null)}
        onPointerCancel={() => (drag.current = null)} onDblClick={() => set(normal)}>
        <input ref={input} type="range" min={low} max={high} step={step} value={value} aria-label={label}
          aria-valuetext={text(value)} onInput={(event) => set(Number(event.currentTarget.value))} />
        <svg viewBox="0 0 48 48" aria-hidden="true">
          <path class="track" d={arc(0, 1)} />
          {share !== zero && <path class="turned" d={arc(Math.min(share, zero), Math.max(share, zero))} />}
          <circle class="cap" cx="24" cy="24" r="13.5" />
          <line class="hand" x1="24" y1="19" x2="24" y2="12.5" transform={`rotate(${share * SWEEP - SWEEP / 2} 24 24)`} />
        </svg>
      </span>
      <span class="knob-name">{label}</span>
      <span class="knob-value">{text(value)}</span>
    </label>
  );
}

function arc(from: number, to: number): string {
  const at = (share: number) => {
    const angle = ((share * SWEEP - SWEEP / 2 - 90) * Math.PI) / 180;
    return `${(24 + 20 * Math.cos(angle)).toFixed(2)} ${(24 + 20 * Math.sin(angle)).toFixed(2)}`;
  };
  return `M ${at(from)} A 20 20 0 ${(to - from) * SWEEP > 180 ? 1 : 0} 1 ${at(to)}`;
}
