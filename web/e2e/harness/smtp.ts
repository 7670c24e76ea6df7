import { createServer, type Socket } from 'node:net';

/** A mail as it came: to whom, and its text without the transport's encoding. */
export interface Mail {
  to: string;
  text: string;
}

/** An SMTP server that takes every mail. */
export class Smtp {
  readonly mails: Mail[] = [];
  readonly #server = createServer(socket => this.#talk(socket));
  url = '';

  static async begin(): Promise<Smtp> {
    const smtp = new Smtp();
    await new Promise<void>(done => smtp.#server.listen(0, '127.0.0.1', done));
    const address = smtp.#server.address();
    smtp.url = `smtp://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
    return smtp;
  }

  stop(): void {
    this.#server.close();
  }

  #talk(socket: Socket): void {
    let heard = '';
    let to = '';
    let data = false;
    const say = (line: string) => socket.write(`${line}\r\n`);
    say('220 test');
    socket.on('error', () => socket.destroy());
    socket.on('data', bytes => {
      heard += bytes.toString();
      for (;;) {
        const end = heard.indexOf(data ? '\r\n.\r\n' : '\r\n');
        if (end < 0) return;
        const part = heard.slice(0, end);
        heard = heard.slice(end + (data ? 5 : 2));
        if (data) {
          this.mails.push({ to, text: decoded(part) });
          data = false;
          say('250 taken');
        } else if (/^DATA/i.test(part)) {
          data = true;
          say('354 go on');
        } else if (/^QUIT/i.test(part)) {
          say('221 bye');
          socket.end();
        } else {
          to = /^RCPT TO:<(.*?)>/i.exec(part)?.[1] ?? to;
          say('250 ok');
        }
      }
    });
  }
}

function decoded(mail: string): string {
  const at = mail.indexOf('\r\n\r\n');
  const [head, body] = [mail.slice(0, at), mail.slice(at + 4)];
  if (/^content-transfer-encoding: base64/im.test(head)) return Buffer.from(body, 'base64').toString();
  if (!/^content-transfer-encoding: quoted-printable/im.test(head)) return body;
  const bytes = body.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => `%${hex}`);
  return decodeURIComponent(bytes.replace(/%(?![0-9A-F]{2})/g, '%25'));
}
