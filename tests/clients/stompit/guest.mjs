// A guest of an open broker: stompit over TCP. Ends well if a large message comes back as it was sent, with its receipt, and
// a wrong passcode, and none, are refused.
//   node guest.mjs HOST PORT
import stompit from 'stompit';

const [host, port] = process.argv.slice(2);
const destination = '/queue/of/stompit';
const large = '가나다 100%\n🙂'.repeat(40_000);

const connect = (more) =>
  new Promise((resolve, reject) => {
    const connectHeaders = { host: '/', 'heart-beat': '1000,1000', ...more };
    stompit.connect({ host, port: Number(port), connectHeaders }, (refused, client) => {
      if (refused) reject(refused);
      else resolve(client);
    });
  });

const client = await connect({ login: 'guest', passcode: 'guest' });
const echo = new Promise((resolve, reject) => {
  client.subscribe({ destination, ack: 'auto' }, (error, message) => {
    if (error) return reject(error);
    message.readString('utf-8', (_, body) => resolve({ body, colour: message.headers.colour }));
  });
});
await new Promise((resolve) => {
  client.send({ destination, colour: 'pine' }, { onReceipt: resolve }).end(large);
});
const echoed = await echo;
if (echoed.body !== large || echoed.colour !== 'pine') throw new Error('another message came back');
await new Promise((resolve) => client.disconnect(resolve));

for (const headers of [{ login: 'guest', passcode: 'wrong' }, {}]) {
  const refusal = await connect(headers).then(
    () => null,
    (error) => error,
  );
  if (!/passcode/.test(refusal?.message)) throw new Error(`${headers.passcode}: ${refusal}`);
}
process.exit(0);
