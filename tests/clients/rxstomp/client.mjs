// A client as its documentation shows it: @stomp/rx-stomp in Node over `ws`. It comes back by itself, and subscribes again.
//   node client.mjs ws://host/ws TOKEN SESSION NAME
import { RxStomp, RxStompState } from '@stomp/rx-stomp';
import { firstValueFrom } from 'rxjs';
import { WebSocket } from 'ws';
import { goOn, reader, say } from '../events.mjs';

Object.assign(globalThis, { WebSocket });

const [brokerURL, token, session, name] = process.argv.slice(2);
const room = reader();

// A new client; what its server refuses, and the end of its sockets, are told.
function client() {
  const rx = new RxStomp();
  rx.configure({
    brokerURL,
    connectHeaders: { Authorization: `Bearer ${token}` },
    heartbeatIncoming: 1000,
    heartbeatOutgoing: 1000,
    reconnectDelay: 100,
  });
  rx.stompErrors$.subscribe(({ headers }) => say('error', { message: headers.message, code: headers.code }));
  rx.connectionState$.subscribe((state) => {
    if (state === RxStompState.CLOSED && rx.active) say('closed');
  });
  rx.activate();
  return rx;
}

// Connect, subscribe, send, receive.
const first = client();
const headers = await firstValueFrom(first.serverHeaders$);
say('connected', { version: headers.version, heartBeat: headers['heart-beat'] });
const subscribed = first.asyncReceipt('subscribed');
first
  .watch({
    destination: `/topic/chat/${session}`,
    subHeaders: () => (room.seq === 0 ? { receipt: 'subscribed' } : { 'after-seq': String(room.seq) }),
  })
  .subscribe(({ body }) => room.read(body));
await subscribed;
say('subscribed');
const sent = first.asyncReceipt('sent');
first.publish({
  destination: '/app/chat.sendMessage',
  headers: { receipt: 'sent', 'content-type': 'application/json' },
  body: JSON.stringify({ sessionId: Number(session), content: `${name}: 안녕하세요 🙂` }),
});
say('stored', { seq: Number((await sent).headers.seq) });

// It is cut, and has come back behind what was seen.
await goOn();
await goOn();
await first.deactivate();

// A subscription that is not for customers.
const second = client();
second.watch('/topic/chat/sessions').subscribe(() => say('leaked'));
await goOn();
process.exit(0);
