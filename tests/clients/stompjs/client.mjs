// A client as its documentation shows it: @stomp/stompjs in Node over `ws`. Prints a line of JSON for each thing that
// happens; a line on its input lets it go on.
//   node client.mjs ws://host/ws TOKEN SESSION
import { createInterface } from 'node:readline';
import { Client } from '@stomp/stompjs';
import { WebSocket } from 'ws';

Object.assign(globalThis, { WebSocket });

const [brokerURL, token, session] = process.argv.slice(2);
const topic = `/topic/chat/${session}`;
const say = (event, more = {}) => console.log(JSON.stringify({ event, ...more }));
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const goOn = () => lines.next();

function client(onConnect, onStompError = (frame) => say('error', { message: frame.headers.message, code: frame.headers.code })) {
  return new Client({
    brokerURL,
    connectHeaders: { Authorization: `Bearer ${token}` },
    heartbeatIncoming: 1000,
    heartbeatOutgoing: 1000,
    reconnectDelay: 0,
    onConnect,
    onStompError,
    onWebSocketClose: (close) => say('closed', { code: close.code }),
  });
}

const connected = (which) => new Promise((resolve) => {
  which.onConnect = (frame) => resolve(frame);
  which.activate();
});

// Connect, subscribe, send, receive.
const first = client();
const { headers } = await connected(first);
say('connected', { version: headers.version, heartBeat: headers['heart-beat'] });
let seq = 0;
const onMessage = (message) => {
  const event = JSON.parse(message.body);
  if (event.type === 'MESSAGE') seq = event.seq;
  say('message', { type: event.type, content: event.content, seq: event.seq });
};
await new Promise((resolve) => {
  first.watchForReceipt('subscribed', resolve);
  first.subscribe(topic, onMessage, { receipt: 'subscribed' });
});
say('subscribed');
await new Promise((resolve) => {
  first.watchForReceipt('sent', (receipt) => {
    say('stored', { seq: Number(receipt.headers.seq) });
    resolve();
  });
  first.publish({
    destination: '/app/chat.sendMessage',
    headers: { receipt: 'sent', 'content-type': 'application/json' },
    body: JSON.stringify({ sessionId: Number(session), content: 'stompjs: 안녕하세요 🙂' }),
  });
});

// Cut, and come back behind what was seen.
await goOn();
await first.deactivate({ force: true });
say('cut', { seq });
await goOn();
const second = client();
await connected(second);
second.subscribe(topic, onMessage, { 'after-seq': String(seq) });
await goOn();
await second.deactivate();

// A subscription that is not for customers.
const third = client();
await connected(third);
third.subscribe('/topic/chat/sessions', () => say('leaked'));
await goOn();
process.exit(0);
