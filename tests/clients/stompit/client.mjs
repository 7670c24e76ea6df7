// A back end as its documentation shows it: stompit over TCP. Prints a line of JSON for each thing that happens; a line on
// its input lets it go on.
//   node client.mjs HOST PORT TOKEN SESSION
import { createInterface } from 'node:readline';
import stompit from 'stompit';

const [host, port, token, session] = process.argv.slice(2);
const topic = `/topic/chat/${session}`;
const say = (event, more = {}) => console.log(JSON.stringify({ event, ...more }));
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const goOn = () => lines.next();

const connect = () =>
  new Promise((resolve) => {
    const connectHeaders = { host: '/', 'heart-beat': '1000,1000', Authorization: `Bearer ${token}` };
    stompit.connect({ host, port: Number(port), connectHeaders }, (refused, client) => {
      if (refused) throw refused;
      // Its subscriptions are told of errors.
      client.on('error', () => {});
      client.getTransportSocket().on('close', () => say('closed'));
      resolve(client);
    });
  });

let seq = 0;
const onMessage = (error, message) => {
  if (error) return;
  message.readString('utf-8', (_, body) => {
    const event = JSON.parse(body);
    if (event.type === 'MESSAGE') seq = event.seq;
    say('message', { type: event.type, content: event.content, seq: event.seq });
  });
};

// Connect, subscribe, send, receive.
const first = await connect();
say('connected', { version: first.headers.version, heartBeat: first.headers['heart-beat'] });
first.subscribe({ destination: topic, ack: 'auto' }, onMessage);
say('subscribed');
await new Promise((resolve) => {
  const headers = { destination: '/app/chat.sendMessage', 'content-type': 'application/json' };
  const frame = first.send(headers, { onReceipt: resolve });
  frame.end(JSON.stringify({ sessionId: Number(session), content: 'stompit: 안녕하세요 🙂' }));
});
say('stored');

// Cut, and come back behind what was seen.
await goOn();
first.destroy();
say('cut', { seq });
await goOn();
const second = await connect();
second.subscribe({ destination: topic, ack: 'auto', 'after-seq': String(seq) }, onMessage);
await goOn();
await new Promise((resolve) => second.disconnect(resolve));

// A subscription that is not for customers.
const third = await connect();
third.subscribe({ destination: '/topic/chat/sessions', ack: 'auto' }, (error, message) => {
  if (error) say('error', { message: error.message });
  else say('leaked', { is: String(message) });
});
await goOn();
process.exit(0);
