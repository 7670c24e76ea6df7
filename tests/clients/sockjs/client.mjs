// The client of old pages, as it stands there: stompjs 2.3.3 over sockjs-client 1.6.1, with one transport forced.
//   node client.mjs http://host/ws TOKEN SESSION TRANSPORT
import SockJS from 'sockjs-client';
import { Stomp } from 'stompjs/lib/stomp.js';
import { goOn, reader, say } from '../events.mjs';

// What its browser build finds in `window`.
Stomp.setInterval = (every, call) => setInterval(call, every);
Stomp.clearInterval = clearInterval;

const [url, token, session, transport] = process.argv.slice(2);
const topic = `/topic/chat/${session}`;
const room = reader();
const onMessage = ({ body }) => room.read(body);

// Resolves when it is connected; later errors are told.
const connect = () =>
  new Promise((resolve) => {
    const socket = new SockJS(url, null, { transports: [transport] });
    const client = Stomp.over(socket);
    client.debug = null;
    client.heartbeat = { outgoing: 1000, incoming: 1000 };
    client.connect({ Authorization: `Bearer ${token}` }, (frame) => resolve({ client, socket, frame }), (error) => {
      if (error.headers) say('error', { message: error.headers.message, code: error.headers.code });
    });
    const { onclose } = socket;
    socket.onclose = (close) => {
      say('closed', { code: close.code });
      onclose(close);
    };
  });

// Connect, subscribe, send, receive.
const first = await connect();
say('connected', {
  version: first.frame.headers.version,
  heartBeat: first.frame.headers['heart-beat'],
  transport: first.socket.transport,
});
const receipts = new Map();
first.client.onreceipt = ({ headers }) => receipts.get(headers['receipt-id'])(headers);
const receipt = (id) => new Promise((resolve) => receipts.set(id, resolve));
const subscribed = receipt('subscribed');
first.client.subscribe(topic, onMessage, { receipt: 'subscribed' });
await subscribed;
say('subscribed');
const sent = receipt('sent');
const body = JSON.stringify({ sessionId: Number(session), content: `${transport}: 안녕하세요 🙂` });
first.client.send('/app/chat.sendMessage', { receipt: 'sent', 'content-type': 'application/json' }, body);
say('stored', { seq: Number((await sent).seq) });

// It is cut, and comes back behind what was seen.
await goOn();
const second = await connect();
second.client.subscribe(topic, onMessage, { 'after-seq': String(room.seq) });
await goOn();
await new Promise((resolve) => second.client.disconnect(resolve));

// A subscription that is not for customers.
const third = await connect();
third.client.subscribe('/topic/chat/sessions', () => say('leaked'));
await goOn();
process.exit(0);
