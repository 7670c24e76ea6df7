import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';

const CLIENTS = fileURLToPath(new URL('../../../tests/clients/sockjs/node_modules/', import.meta.url));
const SCRIPTS = ['sockjs-client/dist/sockjs.min.js', 'stompjs/lib/stomp.min.js'];

/** What the page of another server says to the page's test. */
export interface Heard {
  name: 'message' | 'error' | 'closed';
  /** Of a message. */
  type?: string;
  content?: string;
  seq?: number;
  /** Of an error. */
  code?: string;
}

interface Frame {
  headers: Record<string, string>;
  body: string;
}

interface Socket {
  transport: string;
  onclose: (event: unknown) => void;
}

interface Client {
  debug: unknown;
  onreceipt: (frame: Frame) => void;
  connect(headers: object, connected: (frame: Frame) => void, failed: (why: Frame | string) => void): void;
  subscribe(topic: string, read: (frame: Frame) => void, headers: object): void;
  send(destination: string, headers: object, body: string): void;
}

declare global {
  interface Window {
    SockJS: new (url: string, protocols: null, options: { transports: string[] }) => Socket;
    Stomp: { over(socket: Socket): Client };
    chat: {
      heard: Heard[];
      /** The transport and the version; none if it is closed before. */
      connect(url: string, token: string, transport: string): Promise<string[] | null>;
      /** The headers of its receipt. */
      subscribe(topic: string, headers: object): Promise<Frame['headers']>;
      send(destination: string, body: object): Promise<Frame['headers']>;
    };
  }
}

/** Runs in the page: the sources' way to connect, subscribe and send. */
function chat(): void {
  const heard: Heard[] = [];
  const receipts = new Map<string, (headers: Frame['headers']) => void>();
  let client: Client;
  const receipt = (ask: (id: string) => void) =>
    new Promise<Frame['headers']>(done => {
      const id = `receipt-${performance.now()}`;
      receipts.set(id, done);
      ask(id);
    });
  window.chat = {
    heard,
    connect: (url, token, transport) =>
      new Promise(done => {
        const socket = new window.SockJS(url, null, { transports: [transport] });
        client = window.Stomp.over(socket);
        client.debug = null;
        client.onreceipt = ({ headers }) => receipts.get(headers['receipt-id'] ?? '')?.(headers);
        client.connect(
          { Authorization: `Bearer ${token}` },
          ({ headers }) => done([socket.transport, headers.version ?? '']),
          why => {
            if (typeof why === 'object') heard.push({ name: 'error', code: why.headers.code });
          },
        );
        const { onclose } = socket;
        socket.onclose = event => {
          onclose(event);
          heard.push({ name: 'closed' });
          done(null);
        };
      }),
    subscribe: (topic, headers) =>
      receipt(id =>
        client.subscribe(
          topic,
          ({ body }) => {
            const { type, content, seq } = JSON.parse(body);
            heard.push({ name: 'message', type, content, seq });
          },
          { ...headers, receipt: id },
        ),
      ),
    send: (destination, body) =>
      receipt(id =>
        client.send(destination, { receipt: id, 'content-type': 'application/json' }, JSON.stringify(body)),
      ),
  };
}

export interface OldPages {
  /** Where they are served; `localhost` of the same port is another origin. */
  origin: string;
  close(): Promise<void>;
}

/** A server of pages that use stompjs over sockjs-client, as tests/clients/setup.sh installs them. */
export async function oldPages(): Promise<OldPages> {
  const scripts = await Promise.all(SCRIPTS.map(path => readFile(CLIENTS + path, 'utf8')));
  const page = `<!doctype html><meta charset="utf-8"><title>chat</title>${SCRIPTS.map((_, at) => `<script src="/${at}.js"></script>`).join('')}`;
  const server = createServer(({ url }, response) => {
    const script = scripts[Number(url?.match(/^\/(\d)\.js$/)?.[1])];
    const type = script === undefined ? 'text/html' : 'text/javascript';
    response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(script ?? page);
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise(done => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}

/** Opens a page of that origin. */
export async function openOldPage(page: Page, origin: string): Promise<void> {
  await page.addInitScript(chat);
  await page.goto(origin);
}
