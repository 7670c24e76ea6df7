// A guest of an open broker: stompjs 2.3.3 over sockjs-client 1.6.1 with one transport forced. Ends well if a large message
// comes back as it was sent and a wrong passcode, and none, are refused.
//   node guest.mjs http://host/stomp TRANSPORT
import SockJS from 'sockjs-client';
import { Stomp } from 'stompjs/lib/stomp.js';

// What its browser build finds in `window`.
Stomp.setInterval = (every, call) => setInterval(call, every);
Stomp.clearInterval = clearInterval;

const [url, transport] = process.argv.slice(2);
const destination = `/exchange/of/${transport}`;
// Without emoji: stompjs cuts large frames, also between the two halves of one.
const large = '가나다 100%\n'.repeat(40_000);

const connect = (login, passcode) =>
  new Promise((resolve, reject) => {
    const client = Stomp.over(new SockJS(url, null, { transports: [transport] }));
    client.debug = null;
    client.connect(login, passcode, () => resolve(client), reject);
  });

const client = await connect('guest', 'guest');
const echoed = await new Promise((resolve) => {
  client.subscribe(destination, resolve);
  client.send(destination, { colour: 'pine' }, large);
});
if (echoed.body !== large || echoed.headers.colour !== 'pine') throw new Error('another message came back');
await new Promise((resolve) => client.disconnect(resolve));

for (const [login, passcode] of [['guest', 'wrong'], [undefined, undefined]]) {
  const refusal = await connect(login, passcode).then(
    () => null,
    (error) => error,
  );
  if (refusal?.command !== 'ERROR') throw new Error(`${login} ${passcode}: ${refusal}`);
}
process.exit(0);
