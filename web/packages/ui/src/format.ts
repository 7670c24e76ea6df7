/**
 * A message as Lingui's compiler leaves it: pieces of text, `[name]` for a value, `[name, 'plural', choices]`.
 * The compiler runs while building (vite/texts.mjs); these lines stand in for its 3.4 kB at run time.
 */
export type Compiled = string | Token[];
type Token = string | [name: string, kind?: string, choices?: Record<string, Compiled>];

export type Values = Record<string, string | number | null | undefined>;

export function format(message: Compiled, values: Values, locale: string): string {
  if (typeof message === 'string') return message;
  return message.map(token => (typeof token === 'string' ? token : piece(token, values, locale))).join('');
}

function piece([name, kind, choices]: Exclude<Token, string>, values: Values, locale: string): string {
  const value = values[name] ?? '';
  if (kind === 'number') return new Intl.NumberFormat(locale).format(Number(value));
  if (!choices) return String(value);
  const form = kind === 'plural' ? new Intl.PluralRules(locale).select(Number(value)) : String(value);
  const chosen = choices[form] ?? choices.other ?? '';
  const count = new Intl.NumberFormat(locale).format(Number(value));
  const counted = Array.isArray(chosen) ? chosen.map(token => (token === '#' ? count : token)) : chosen;
  return format(counted, values, locale);
}
