/** An operator's accent colour, with everything that stands on or beside it kept readable (4.5:1 and more). */
export function showAccent(hex: string): void {
  const rgb = parse(hex);
  if (!rgb) return;
  const { style } = document.documentElement;
  const light = shadeUntil(rgb, [255, 255, 255], 0);
  const dark = shadeUntil(rgb, [33, 31, 28], 255);
  style.setProperty('--accent', `light-dark(${css(light)}, ${css(dark)})`);
  style.setProperty('--accent-strong', `light-dark(${css(mix(light, 0, 0.2))}, ${css(mix(dark, 255, 0.2))})`);
  style.setProperty('--accent-tint', `light-dark(${css(mix(light, 255, 0.88))}, ${css(mix(dark, 20, 0.8))})`);
  style.setProperty('--accent-line', `light-dark(${css(mix(light, 255, 0.7))}, ${css(mix(dark, 20, 0.6))})`);
  style.setProperty('--on-accent', 'light-dark(#ffffff, #14120f)');
}

type Rgb = [number, number, number];

function parse(hex: string): Rgb | null {
  const digits = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex);
  return digits && ([1, 2, 3].map(index => Number.parseInt(digits[index] ?? '0', 16)) as Rgb);
}

const css = (rgb: Rgb) => `rgb(${rgb.map(Math.round).join(' ')})`;
const mix = (rgb: Rgb, towards: number, by: number) => rgb.map(c => c + (towards - c) * by) as Rgb;

function luminance(rgb: Rgb): number {
  const [r, g, b] = rgb.map(c => (c <= 10 ? c / 3294 : (c / 269 + 0.0513) ** 2.4)) as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(a: Rgb, b: Rgb): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** Moved towards black or white, a step at a time, until it reads on `ground`, also where the ground is tinted. */
function shadeUntil(rgb: Rgb, ground: Rgb, towards: number): Rgb {
  let colour = rgb;
  for (let step = 0; step < 20 && contrast(colour, ground) < 5.5; step++) colour = mix(colour, towards, 0.08);
  return colour;
}
