// A client as its documentation shows it: @stomp/stompjs in Node over `ws`.
//   node client.mjs ws://host/ws TOKEN SESSION NAME
import { Client } from '@stomp/stompjs';
import { WebSocket } from 'ws';
import { goOn, reader, say } from '../events.mjs';

Object.assign(globalThis, { WebSocket });

const [brokerURL, token, session, name] = process.argv.slice(2);
const topic = `/topic/chat/${session}`;
const room = reader();
const onMessage = ({ body }) => room.read(body);

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
    body: JSON.stringify({ sessionId: Number(session), content: `${name}: 안녕하세요 🙂` }),
  });
});

// It is cut, and comes back behind what was seen.
await goOn();
const second = client();
await connected(second);
second.subscribe(topic, onMessage, { 'after-seq': String(room.seq) });
await goOn();
await second.deactivate();

// A subscription that is not for customers.
const third = client();
await connected(third);
third.subscribe('/topic/chat/sessions', () => say('leaked'));
await goOn();
process.exit(0);
