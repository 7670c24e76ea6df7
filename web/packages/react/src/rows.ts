import type { ChatMessage } from '@maru/client';
import { sameDay } from '@maru/ui';

const GROUP_MS = 3 * 60_000;

export interface Row {
  message: ChatMessage;
  /** First of its day: a divider stands above. */
  newDay: boolean;
  /** The first unread one: a line stands above. */
  firstUnread: boolean;
  /** First of a group: shows who. */
  first: boolean;
  /** Last of a group: shows when and how far it got. */
  last: boolean;
}

function together(a: ChatMessage | undefined, b: ChatMessage | undefined): boolean {
  if (!a || !b || a.senderType === 'S' || a.own !== b.own || a.senderId !== b.senderId) return false;
  return sameDay(a.at, b.at) && Math.abs(Date.parse(b.at) - Date.parse(a.at)) <= GROUP_MS;
}

/** Messages with what stands around them: days, groups of one sender within three minutes, the unread line. */
export function toRows(messages: ChatMessage[], firstUnreadSeq: number | null): Row[] {
  return messages.map((message, index) => {
    const before = messages[index - 1];
    const after = messages[index + 1];
    const newDay = !before || !sameDay(before.at, message.at);
    const firstUnread = message.seq !== null && message.seq === firstUnreadSeq;
    const afterUnread = after?.seq != null && after.seq === firstUnreadSeq;
    return {
      message,
      newDay,
      firstUnread,
      first: newDay || firstUnread || !together(before, message),
      last: afterUnread || !together(message, after),
    };
  });
}
