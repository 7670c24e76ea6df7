/** Korean particles that change with the sound before them: [after a consonant, after a vowel]. */
const PAIRS: Record<string, readonly [string, string]> = {
  이: ['이', '가'],
  은: ['은', '는'],
  을: ['을', '를'],
  과: ['과', '와'],
  으로: ['으로', '로'],
  이에요: ['이에요', '예요'],
  아: ['아', '야'],
};

const DIGITS_WITH_FINAL = '013678';
const DIGITS_WITH_RIEUL = '178';
const LETTERS_WITH_FINAL = 'lmn';
const RIEUL = 8;

type Final = 'none' | 'rieul' | 'other' | 'unknown';

function finalOf(word: string): Final {
  const last = [...word.replace(/[\s"'’”)\]]+$/u, '')].at(-1) ?? '';
  const syllable = last.charCodeAt(0) - 0xac00;
  if (syllable >= 0 && syllable < 11172) {
    const final = syllable % 28;
    return final === 0 ? 'none' : final === RIEUL ? 'rieul' : 'other';
  }
  if (/\d/.test(last)) {
    return DIGITS_WITH_RIEUL.includes(last) ? 'rieul' : DIGITS_WITH_FINAL.includes(last) ? 'other' : 'none';
  }
  if (/[a-z]/i.test(last)) {
    const letter = last.toLowerCase();
    return letter === 'l' ? 'rieul' : LETTERS_WITH_FINAL.includes(letter) ? 'other' : 'none';
  }
  return 'unknown';
}

/** The form of `particle` (written as after a consonant: 이, 은, 을, 과, 으로) that fits after `word`. */
export function particle(word: string, form: string): string {
  const pair = PAIRS[form];
  if (!pair) return form;
  const final = finalOf(word);
  if (final === 'unknown') return `${pair[0]}(${pair[1]})`;
  if (final === 'rieul' && form === '으로') return pair[1];
  return final === 'none' ? pair[1] : pair[0];
}

/** Resolves the particle marks that the texts compiler left in a formatted sentence. */
export function fitParticles(sentence: string): string {
  let out = '';
  let rest = sentence;
  for (;;) {
    const open = rest.indexOf('\uE000');
    const close = rest.indexOf('\uE001', open);
    if (open < 0 || close < 0) return out + rest;
    out += rest.slice(0, open);
    out += particle(out, rest.slice(open + 1, close));
    rest = rest.slice(close + 1);
  }
}
