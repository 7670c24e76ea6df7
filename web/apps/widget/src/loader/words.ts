export interface Words {
  open: string;
  close: string;
  chat: string;
  failed: string;
  count(n: number): string;
}

/** The few words that the host page shows itself. */
export const words: Record<'ko' | 'en', Words> = {
  ko: {
    open: '상담 열기',
    close: '상담 닫기',
    chat: '상담',
    failed: '상담 창을 열지 못했어요. 다시 눌러 주세요.',
    count: n => `새 메시지 ${n}개`,
  },
  en: {
    open: 'Open chat',
    close: 'Close chat',
    chat: 'Chat',
    failed: 'The chat did not open. Press again to retry.',
    count: n => (n === 1 ? '1 new message' : `${n} new messages`),
  },
};
