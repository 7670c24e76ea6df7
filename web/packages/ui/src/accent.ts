/** Text in the accent colour reads on white at this lightness of OKLCH and below, on its own tint too, */
const LIGHT_MOST = 0.47;
/** and on the dark ground at this one and above. */
const DARK_LEAST = 0.78;

/**
 * An operator's accent colour, any that CSS knows, with everything that stands on or beside it kept readable: too light
 * or too dark a colour keeps its hue and moves. Where the browser cannot compute colours, Maru's own stays.
 */
export function showAccent(colour: string): void {
  const shade = (light: number, dark: number) =>
    `light-dark(oklch(from ${colour} min(l,${light}) c h),oklch(from ${colour} max(l,${dark}) c h))`;
  const accent = shade(LIGHT_MOST, DARK_LEAST);
  if (!CSS.supports('color', accent)) return;
  const tint = (share: number) => `color-mix(in oklab,${accent} ${share}%,var(--surface))`;
  const { style } = document.documentElement;
  style.setProperty('--accent', accent);
  style.setProperty('--accent-strong', shade(LIGHT_MOST - 0.1, DARK_LEAST + 0.1));
  style.setProperty('--accent-tint', tint(12));
  style.setProperty('--accent-line', tint(30));
  style.setProperty('--on-accent', 'light-dark(#fff,#14120f)');
}
