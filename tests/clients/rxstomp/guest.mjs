// A guest of an open broker: @stomp/rx-stomp. Ends well if a large message comes back as it was sent, with its receipt, and a
// wrong passcode, and none, are refused.
//   node guest.mjs ws://host/ws
import { RxStomp } from '@stomp/rx-stomp';
import { firstValueFrom } from 'rxjs';
import { WebSocket } from 'ws';

Object.assign(globalThis, { WebSocket });

const [brokerURL] = process.argv.slice(2);
const destination = '/queue/of/rx-stomp';
const large = '가나다 100%\n🙂'.repeat(40_000);

function client(connectHeaders) {
  const rx = new RxStomp();
  rx.configure({ brokerURL, connectHeaders, reconnectDelay: 0 });
  rx.activate();
  return rx;
}

const rx = client({ login: 'guest', passcode: 'guest' });
const subscribed = rx.asyncReceipt('subscribed');
const echo = firstValueFrom(rx.watch(destination, { receipt: 'subscribed' }));
await subscribed;
const sent = rx.asyncReceipt('large');
rx.publish({ destination, headers: { colour: 'pine', receipt: 'large' }, body: large });
const echoed = await echo;
if (echoed.body !== large || echoed.headers.colour !== 'pine') throw new Error('another message came back');
await sent;
await rx.deactivate();

for (const connectHeaders of [{ login: 'guest', passcode: 'wrong' }, {}]) {
  const refused = client(connectHeaders);
  await firstValueFrom(refused.stompErrors$);
  await refused.deactivate();
}
process.exit(0);
