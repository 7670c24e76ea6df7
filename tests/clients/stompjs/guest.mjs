// A guest of an open broker: @stomp/stompjs. Ends well if a large message comes back as it was sent, with its receipt, and a
// wrong passcode, and none, are refused.
//   node guest.mjs ws://host/ws
import { Client } from '@stomp/stompjs';
import { WebSocket } from 'ws';

Object.assign(globalThis, { WebSocket });

const [brokerURL] = process.argv.slice(2);
const destination = '/topic/of/stompjs';
const large = '가나다 100%\n🙂'.repeat(40_000);

const connect = (connectHeaders) =>
  new Promise((resolve, reject) => {
    const client = new Client({
      brokerURL,
      connectHeaders,
      reconnectDelay: 0,
      onConnect: () => resolve(client),
      onStompError: reject,
    });
    client.activate();
  });

const client = await connect({ login: 'guest', passcode: 'guest' });
const receipt = new Promise((resolve) => client.watchForReceipt('large', resolve));
const echoed = await new Promise((resolve) => {
  client.subscribe(destination, resolve);
  client.publish({ destination, headers: { colour: 'pine', receipt: 'large' }, body: large });
});
if (echoed.body !== large || echoed.headers.colour !== 'pine') throw new Error('another message came back');
await receipt;
await client.deactivate();

for (const headers of [{ login: 'guest', passcode: 'wrong' }, {}]) {
  const refusal = await connect(headers).then(
    () => null,
    (error) => error,
  );
  if (refusal?.command !== 'ERROR') throw new Error(`${headers.passcode}: ${refusal}`);
}
process.exit(0);
