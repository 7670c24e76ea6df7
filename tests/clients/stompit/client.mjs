// A back end as its documentation shows it: stompit over TCP.
//   node client.mjs HOST PORT TOKEN SESSION NAME
import stompit from 'stompit';
import { goOn, reader, say } from '../events.mjs';

const [host, port, token, session, name] = process.argv.slice(2);
const topic = `/topic/chat/${session}`;
const room = reader();

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

const onMessage = (error, message) => {
  if (error) return;
  message.readString('utf-8', (_, body) => room.read(body));
};

// Connect, subscribe, send, receive.
const first = await connect();
say('connected', { version: first.headers.version, heartBeat: first.headers['heart-beat'] });
first.subscribe({ destination: topic, ack: 'auto' }, onMessage);
say('subscribed');
await new Promise((resolve) => {
  const headers = { destination: '/app/chat.sendMessage', 'content-type': 'application/json' };
  const frame = first.send(headers, { onReceipt: resolve });
  frame.end(JSON.stringify({ sessionId: Number(session), content: `${name}: 안녕하세요 🙂` }));
});
say('stored');

// It is cut, and comes back behind what was seen.
await goOn();
const second = await connect();
second.subscribe({ destination: topic, ack: 'auto', 'after-seq': String(room.seq) }, onMessage);
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
