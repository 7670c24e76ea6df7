const SHAPES = {
  item1: ['M78 60c-2 10-44 26-44 66 0 30 26 48 66 48s66-18 66-48c0-40-42-56-44-66z', 'M78 60h44M84 176h32'],
  item2: [
    'M26 96h66l-6 46c-2 14-12 20-27 20s-25-6-27-20zM112 84h62l-6 44c-2 12-11 18-25 18s-23-6-25-18z',
    'M26 96h66M112 84h62',
  ],
  item3: ['M24 82h152c0 56-30 82-76 82S24 138 24 82z', 'M24 82h152M72 164v10h56v-10'],
  item4: [
    'M12 118c0-14 40-24 88-24s88 10 88 24c0 16-40 30-88 30s-88-14-88-30z',
    'M48 116c0-6 24-11 52-11s52 5 52 11-24 12-52 12-52-6-52-12z',
  ],
} as const;

/** A piece of pottery in two strokes of the brush. */
export function Ware({ kind }: { kind: keyof typeof SHAPES }) {
  const [body, line] = SHAPES[kind];
  return (
    <svg className="shop-ware" viewBox="0 0 200 200" aria-hidden="true" focusable="false" data-kind={kind}>
      <path className="shop-clay" d={body} />
      <path className="shop-line" d={line} />
    </svg>
  );
}
