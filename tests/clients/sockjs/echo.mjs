// sockjs-client 1.6.1 with one transport forced, at the services that test suites of SockJS ask for. Ends well if they do what
// is asked of them.
//   node echo.mjs http://host TRANSPORT
import SockJS from 'sockjs-client';

const [host, transport] = process.argv.slice(2);
// More than a response of the server takes, and what browsers lose.
const messages = ['a', 'x'.repeat(10_000), '100% 안녕\u2028\ufffe "\\ 🙂\0', ...Array.from({ length: 100 }, (_, at) => `${at}`)];

// All that a session hears when these are said, and its end.
const talk = (service, said, enough) =>
  new Promise((resolve) => {
    const socket = new SockJS(`${host}/${service}`, null, { transports: [transport] });
    const heard = [];
    socket.onopen = () => said.forEach((message) => socket.send(message));
    socket.onmessage = ({ data }) => {
      heard.push(data);
      if (heard.length === enough) socket.close();
    };
    socket.onclose = ({ code, reason }) => resolve({ heard, code, reason });
  });

const same = (name, is, should) => {
  if (JSON.stringify(is) !== JSON.stringify(should)) throw new Error(`${name}: ${JSON.stringify(is).slice(0, 300)}`);
};
const services = ['echo', 'cookie_needed_echo', ...(transport === 'websocket' ? [] : ['disabled_websocket_echo'])];
for (const service of services) {
  same(service, (await talk(service, messages, messages.length)).heard, messages);
}
same('amplify', (await talk('amplify', ['10', '18'], 2)).heard.map(({ length }) => length), [1 << 10, 1 << 18]);
same('close', await talk('close', []), { heard: [], code: 3000, reason: 'Go away!' });
process.exit(0);
