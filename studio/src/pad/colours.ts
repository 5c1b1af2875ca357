// A place on the pad has a colour: its corners' colours mixed in OKLab, so that the middle is no grey.
import type {Point} from '../types';
import {cornerWeights} from './geometry';

type Colour = [number, number, number];
export type Theme = 'dark' | 'light';

// Hues of nw, ne, sw, se: amber, rose, teal, violet.
const HUES = [72, 12, 190, 292];
/** What a mix of distant hues loses in colour, it gets back in this hue: orchid. */
const MIDDLE = {hue: 328, share: 0.7};
const LOOK: Record<Theme, {lightness: number; chroma: number}> = {
  dark: {lightness: 0.78, chroma: 0.135},
  light: {lightness: 0.56, chroma: 0.15},
};

export function cornerColour(corner: number, theme: Theme): string {
  return css(oklab(corner, LOOK[theme]));
}

export function placeColour(point: Point, theme: Theme): string {
  return css(mixed(point, LOOK[theme]));
}

/** sRGB bytes of a place, for painting the pad's ground. */
export function placeBytes(point: Point, look: {lightness: number; chroma: number}): Colour {
  return toBytes(mixed(point, look));
}

function oklab(corner: number, {lightness, chroma}: {lightness: number; chroma: number}): Colour {
  const angle = (HUES[corner]! * Math.PI) / 180;
  return [lightness, chroma * Math.cos(angle), chroma * Math.sin(angle)];
}

function mixed(point: Point, look: {lightness: number; chroma: number}): Colour {
  const sum: Colour = [0, 0, 0];
  cornerWeights(point).forEach((weight, corner) => {
    oklab(corner, look).forEach((value, k) => (sum[k]! += weight * value));
  });
  const lost = (look.chroma - Math.hypot(sum[1], sum[2])) * MIDDLE.share;
  const angle = (MIDDLE.hue * Math.PI) / 180;
  return [sum[0], sum[1] + lost * Math.cos(angle), sum[2] + lost * Math.sin(angle)];
}

/** OKLab to sRGB (B. Ottosson, "A perceptual color space for image processing"). */
function toBytes([lightness, a, b]: Colour): Colour {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear: Colour = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return linear.map((value) => {
    const bounded = Math.min(1, Math.max(0, value));
    const gamma = bounded <= 0.0031308 ? 12.92 * bounded : 1.055 * bounded ** (1 / 2.4) - 0.055;
    return Math.round(255 * gamma);
  }) as Colour;
}

function css(colour: Colour): string {
  return `rgb(${toBytes(colour).join(' ')})`;
}
