import { expect, test } from 'vitest';
import { fitParticles, particle } from '../src/particle';
import { markParticles } from '../vite/texts.mjs';

test.each([
  ['김철수', '이', '가'],
  ['이슬', '이', '이'],
  ['서울', '으로', '로'],
  ['부산', '으로', '으로'],
  ['제주', '으로', '로'],
  ['3', '이', '이'],
  ['2', '을', '를'],
  ['Kim', '은', '은'],
  ['Lee', '은', '는'],
  ['???', '을', '을(를)'],
])('%s takes of %s the form %s', (word, form, fitting) => {
  expect(particle(word, form)).toBe(fitting);
});

test('marks_are_written_by_the_compiler_and_read_after_formatting', () => {
  const text = markParticles('{name|이} {place|으로} 갔어요');
  expect(fitParticles(text.replace('{name}', '홍길동').replace('{place}', '광주'))).toBe(
    '홍길동이 광주로 갔어요',
  );
});
