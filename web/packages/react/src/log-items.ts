import type { ChatMessage } from '@maru/client';
import { type Row, toRows } from './rows';

/** What stands in the log, one below the other. Each has a height of its own, so that none changes when others come. */
export type LogItem =
  | { kind: 'day'; key: string; at: string }
  | { kind: 'new'; key: string }
  | { kind: 'line'; key: string; row: Row };

/** While older messages are still to come nobody knows whether the first one here begins its day. */
export function logItems(
  messages: ChatMessage[],
  firstUnreadSeq: number | null,
  hasOlder: boolean,
): LogItem[] {
  return toRows(messages, firstUnreadSeq).flatMap((row, index) => {
    const { key, at } = row.message;
    const items: LogItem[] = [{ kind: 'line', key, row }];
    if (row.firstUnread) items.unshift({ kind: 'new', key: 'new' });
    if (row.newDay && !(index === 0 && hasOlder)) items.unshift({ kind: 'day', key: `day of ${key}`, at });
    return items;
  });
}
