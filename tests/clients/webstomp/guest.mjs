// A guest of an open broker: webstomp-client, which sends large frames in pieces. Ends well if a large message comes back as
// it was sent, with its receipt, and a wrong passcode, and none, are refused.
//   node guest.mjs ws://host/ws
import webstomp from 'webstomp-client';
import { WebSocket } from 'ws';

Object.assign(globalThis, { WebSocket });

const [url] = process.argv.slice(2);
const destination = '/exchange/of/webstomp';
// Without emoji: pieces may end between the two halves of one.
const large = '가나다 100%\n'.repeat(40_000);

const connect = (login, passcode) =>
  new Promise((resolve, reject) => {
    const client = webstomp.client(url, { debug: false });
    client.connect({ login, passcode }, () => resolve(client), reject);
  });

const client = await connect('guest', 'guest');
const receipt = new Promise((resolve) => {
  client.onreceipt = resolve;
});
const echoed = await new Promise((resolve) => {
  client.subscribe(destination, resolve);
  client.send(destination, large, { colour: 'pine', receipt: 'large' });
});
if (echoed.body !== large || echoed.headers.colour !== 'pine') throw new Error('another message came back');
if ((await receipt).headers['receipt-id'] !== 'large') throw new Error('another receipt came back');
client.disconnect();

for (const [login, passcode] of [['guest', 'wrong'], ['', '']]) {
  const refusal = await connect(login, passcode).then(
    () => null,
    (error) => error,
  );
  if (refusal?.command !== 'ERROR') throw new Error(`${login} ${passcode}: ${refusal}`);
}
process.exit(0);
