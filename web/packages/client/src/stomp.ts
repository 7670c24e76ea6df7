/**
 * STOMP 1.2 frames as text. Bodies on this wire are JSON, in which NUL is always escaped: the NUL ends the frame.
 * The 5.6 kB of a whole STOMP library do not fit into the widget's 30 kB; this is what a client needs of it.
 */

export interface Frame {
  command: string;
  headers: Record<string, string>;
  body: string;
}

const ESCAPED: Record<string, string> = { '\r': '\\r', '\n': '\\n', ':': '\\c', '\\': '\\\\' };
const PLAIN: Record<string, string> = { r: '\r', n: '\n', c: ':', '\\': '\\' };

export function encode(command: string, headers: Record<string, string>, body = ''): string {
  const escaped = (text: string) =>
    command === 'CONNECT' ? text : text.replace(/[\r\n:\\]/g, c => ESCAPED[c] ?? c);
  const lines = Object.entries(headers).map(([name, value]) => `${escaped(name)}:${escaped(value)}\n`);
  return `${command}\n${lines.join('')}\n${body}\0`;
}

/** Takes what a socket brings, whole frames or parts; `frame` is called for each one that is complete. */
export function decoder(frame: (frame: Frame) => void): (text: string) => void {
  let rest = '';
  return text => {
    const parts = (rest + text).split('\0');
    rest = (parts.pop() ?? '').replace(/^[\r\n]+/, '');
    for (const part of parts) frame(decode(part.replace(/^[\r\n]+/, '')));
  };
}

function decode(text: string): Frame {
  const [, head = '', body = ''] = /^(.*?)\r?\n\r?\n(.*)$/s.exec(text) ?? [];
  const [command = '', ...lines] = head.split(/\r?\n/);
  const plain = (escaped: string) =>
    command === 'CONNECTED' ? escaped : escaped.replace(/\\(.)/g, (_, c: string) => PLAIN[c] ?? '');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[plain(line.slice(0, colon))] ??= plain(line.slice(colon + 1));
  }
  return { command, headers, body };
}
