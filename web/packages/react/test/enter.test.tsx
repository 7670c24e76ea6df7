import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { chooseEnterSends, listenForEnter } from '../src/enter';

let box: HTMLTextAreaElement;
let sent: string[];
let undo: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  box = document.createElement('textarea');
  document.body.append(box);
  sent = [];
  undo = listenForEnter(box, () => {
    if (box.value === '') return;
    sent.push(box.value);
    box.value = '';
  });
});

afterEach(() => {
  undo();
  box.remove();
  vi.useRealTimers();
});

/** Events as browsers send them; `timeStamp` counts on its own here. */
const key = (init: KeyboardEventInit = {}) => {
  const event = new KeyboardEvent('keydown', { key: 'Enter', code: 'Enter', cancelable: true, ...init });
  box.dispatchEvent(event);
  return event;
};
const composition = (type: string, data = '') => {
  box.dispatchEvent(Object.assign(new Event(`composition${type}`), { data }));
};
const settle = () => vi.runAllTimers();

describe('a Korean syllable is open', () => {
  const compose = () => {
    composition('start');
    composition('update', '녕');
    box.value = '안녕';
  };

  test('one_enter_sends_once_on_windows', () => {
    compose();
    key({ key: 'Process', isComposing: true });
    composition('end', '녕');
    settle();
    expect(sent).toEqual(['안녕']);
    expect(box.value).toBe('');
  });

  test('one_enter_sends_once_on_a_mac_where_it_comes_twice', () => {
    compose();
    key({ isComposing: true });
    composition('end', '녕');
    key();
    settle();
    expect(sent).toEqual(['안녕']);
  });

  test('one_enter_sends_once_in_safari_where_the_composition_ends_first', () => {
    compose();
    composition('end', '녕');
    key({ keyCode: 229 });
    settle();
    expect(sent).toEqual(['안녕']);
  });

  test('the_line_break_that_some_keyboards_add_is_dropped', () => {
    compose();
    key({ key: 'Process', isComposing: true });
    composition('end', '녕');
    const event = new InputEvent('beforeinput', { inputType: 'insertLineBreak', cancelable: true });
    box.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(true);
  });

  test('another_key_ends_it_without_sending', () => {
    compose();
    composition('end', '녕');
    settle();
    expect(sent).toEqual([]);
  });
});

test('in_japanese_and_chinese_the_enter_that_chooses_does_not_send', () => {
  composition('start');
  composition('update', '日本');
  box.value = '日本';
  key({ isComposing: true });
  composition('end', '日本');
  settle();
  expect(sent).toEqual([]);
  box.dispatchEvent(Object.assign(new Event('compositionstart')));
  undo();
});

test('shift_enter_breaks_the_line_and_enter_sends', () => {
  box.value = 'hello';
  expect(key({ shiftKey: true }).defaultPrevented).toBe(false);
  expect(sent).toEqual([]);
  expect(key().defaultPrevented).toBe(true);
  expect(sent).toEqual(['hello']);
});

test('who_chose_that_enter_breaks_the_line_keeps_it_so', () => {
  chooseEnterSends(false);
  box.value = 'hello';
  expect(key().defaultPrevented).toBe(false);
  expect(sent).toEqual([]);
});
