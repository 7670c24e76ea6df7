import { expect, test } from 'vitest';
import { matchesName } from '../src/initials';

test.each([
  ['김상담', 'ㄱㅅㄷ'],
  ['김상담', 'ㅅㄷ'],
  ['김상담', '김ㅅ'],
  ['김상담', '김사'],
  ['김상담', 'ㄳ'],
  ['김상담', ' 상담 '],
  ['김 상담', '김상'],
  ['Emma Wilson', 'WIL'],
  ['뿌리', 'ㅃ'],
  ['김상담', ''],
])('%s is found by %s', (name, query) => expect(matchesName(name, query)).toBe(true));

test.each([
  ['김상담', 'ㄱㄷ'],
  ['김상담', '김시'],
  ['김상담', '가'],
  ['강산', '김'],
  ['뿌리', 'ㅂ'],
  ['김', '김상'],
  ['Emma', 'ㅇ'],
])('%s is not found by %s', (name, query) => expect(matchesName(name, query)).toBe(false));

test('a_name_in_pieces_is_found_by_whole_syllables', () => {
  expect(matchesName('김상담'.normalize('NFD'), '상')).toBe(true);
});
