// A client as its documentation shows it: webstomp-client in Node over `ws`.
//   node client.mjs ws://host/ws TOKEN SESSION NAME
import webstomp from 'webstomp-client';
import { WebSocket } from 'ws';
import { goOn, reader, say } from '../events.mjs';

Object.assign(globalThis, { WebSocket });

const [url, token, session, name] = process.argv.slice(2);
const topic = `/topic/chat/${session}`;
const room = reader();

// Resolves when it is connected; later errors, and the end, are told.
const connect = () =>
  new Promise((resolve) => {
    const client = webstomp.client(url, { debug: false, heartbeat: { outgoing: 1000, incoming: 1000 } });
    const receipts = new Map();
    client.onreceipt = ({ headers }) => receipts.get(headers['receipt-id'])(headers);
    const receipt = (id) => new Promise((then) => receipts.set(id, then));
    client.connect(
      { Authorization: `Bearer ${token}` },
      ({ headers }) => resolve({ client, headers, receipt }),
      (end) => {
        if (end.command === 'ERROR') say('error', { message: end.headers.message, code: end.headers.code });
        else say('closed', { code: end.code });
      },
    );
  });

// Connect, subscribe, send, receive.
const first = await connect();
say('connected', { version: first.headers.version, heartBeat: first.headers['heart-beat'] });
const subscribed = first.receipt('subscribed');
first.client.subscribe(topic, ({ body }) => room.read(body), { receipt: 'subscribed' });
await subscribed;
say('subscribed');
const sent = first.receipt('sent');
const body = JSON.stringify({ sessionId: Number(session), content: `${name}: 안녕하세요 🙂` });
first.client.send('/app/chat.sendMessage', body, { receipt: 'sent', 'content-type': 'application/json' });
say('stored', { seq: Number((await sent).seq) });

// It is cut, and comes back behind what was seen.
await goOn();
const second = await connect();
second.client.subscribe(topic, ({ body }) => room.read(body), { 'after-seq': String(room.seq) });
await goOn();
second.client.disconnect();

// A subscription that is not for customers.
const third = await connect();
third.client.subscribe('/topic/chat/sessions', () => say('leaked'));
await goOn();
process.exit(0);
