/** The first sounds (초성) of the syllables from 가 on, 588 syllables each. */
const INITIALS = 'ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ';
const SYLLABLES = 0xac00;
const SYLLABLE_COUNT = 11172;
const PER_INITIAL = 588;
const PER_VOWEL = 28;

/** Two consonants that a keyboard puts into one letter on their way to a syllable. */
const PAIRS: Record<string, string> = {
  ㄳ: 'ㄱㅅ',
  ㄵ: 'ㄴㅈ',
  ㄶ: 'ㄴㅎ',
  ㄺ: 'ㄹㄱ',
  ㄻ: 'ㄹㅁ',
  ㄼ: 'ㄹㅂ',
  ㄽ: 'ㄹㅅ',
  ㄾ: 'ㄹㅌ',
  ㄿ: 'ㄹㅍ',
  ㅀ: 'ㄹㅎ',
  ㅄ: 'ㅂㅅ',
};

/**
 * Whether a name has what was typed somewhere in it: ㄱㅅㄷ and 김ㅅ find 김상담, as does 기 on the way to 김. Spaces and
 * the case of letters do not count; an empty query finds everybody.
 */
export function matchesName(name: string, query: string): boolean {
  const sought = plain(query).replace(/[ㄳ-ㅄ]/g, letter => PAIRS[letter] ?? letter);
  const [own, wanted] = [[...plain(name)], [...sought]];
  return (
    own.some((_, at) => wanted.every((letter, n) => fits(own[at + n] ?? '', letter))) || wanted.length === 0
  );
}

function plain(text: string): string {
  return text.normalize('NFC').toLowerCase().replace(/\s/g, '');
}

function fits(own: string, wanted: string): boolean {
  if (own === wanted) return true;
  const syllable = own.charCodeAt(0) - SYLLABLES;
  if (!(syllable >= 0 && syllable < SYLLABLE_COUNT)) return false;
  if (INITIALS[Math.floor(syllable / PER_INITIAL)] === wanted) return true;
  const open = wanted.charCodeAt(0) - SYLLABLES;
  return open >= 0 && open % PER_VOWEL === 0 && open === syllable - (syllable % PER_VOWEL);
}
