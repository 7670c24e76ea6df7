import { expect, test } from 'vitest';
import { splitLinks } from '../src/links';

const links = (text: string) => splitLinks(text).flatMap(piece => (piece.href ? [piece.href] : []));

test.each([
  ['https://example.com에서 봐요', ['https://example.com']],
  ['https://example.com/returns에서 봐요', ['https://example.com/returns']],
  ['https://ko.wikipedia.org/wiki/한국 보세요', ['https://ko.wikipedia.org/wiki/한국']],
  ['(https://example.com/a_(b))', ['https://example.com/a_(b)']],
  ['끝이에요 https://example.com.', ['https://example.com']],
  ['www.example.com', ['https://www.example.com']],
  ['http://localhost:8080/support', ['http://localhost:8080/support']],
  ['javascript:alert(1) data:text/html,x', []],
  ['a.b 1.5 e.g. 안녕.', []],
])('%s', (text, expected) => {
  expect(links(text)).toEqual(expected);
});

test('the_text_stays_exactly_as_typed', () => {
  const text = '  <b>https://example.com/<i>\n끝  ';
  expect(
    splitLinks(text)
      .map(piece => piece.text)
      .join(''),
  ).toBe(text);
});
