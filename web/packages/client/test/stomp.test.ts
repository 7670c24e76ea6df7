import { expect, test } from 'vitest';
import { decoder, encode, type Frame } from '../src/stomp';

function decodeAll(...parts: string[]): Frame[] {
  const frames: Frame[] = [];
  const push = decoder(frame => frames.push(frame));
  for (const part of parts) push(part);
  return frames;
}

test('headers_are_escaped_and_read_back', () => {
  const headers = { 'a:b': 'c\\d', e: 'line\r\nbreak', f: '' };
  const [frame] = decodeAll(encode('SEND', headers, '{"글":"값"}'));
  expect(frame).toEqual({ command: 'SEND', headers, body: '{"글":"값"}' });
});

test('connect_is_not_escaped_as_older_servers_expect', () => {
  expect(encode('CONNECT', { host: 'a:8080' })).toBe('CONNECT\nhost:a:8080\n\n\0');
  const [frame] = decodeAll('CONNECTED\nserver:a\\c\n\n\0');
  expect(frame?.headers.server).toBe('a\\c');
});

test('the_first_of_two_equal_headers_counts', () => {
  const [frame] = decodeAll('MESSAGE\nx:1\nx:2\n\nbody\0');
  expect(frame?.headers.x).toBe('1');
});

test('frames_come_in_parts_together_and_between_heart_beats', () => {
  const whole = `${encode('MESSAGE', { n: '1' }, 'eins')}\n\n${encode('MESSAGE', { n: '2' }, 'a\n\nb')}`;
  const frames = decodeAll('\n', ...whole, '\n');
  expect(frames.map(({ headers, body }) => [headers.n, body])).toEqual([
    ['1', 'eins'],
    ['2', 'a\n\nb'],
  ]);
});

test('lines_may_end_as_on_windows', () => {
  const [frame] = decodeAll('\r\nRECEIPT\r\nreceipt-id:7\r\n\r\n\0');
  expect(frame).toEqual({ command: 'RECEIPT', headers: { 'receipt-id': '7' }, body: '' });
});
