// What every program here does: it prints a line of JSON for each thing that happens, and a line on its input lets it go on.
import { createInterface } from 'node:readline';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export const say = (event, more = {}) => console.log(JSON.stringify({ event, ...more }));
export const goOn = () => lines.next();

// A reader of a room: tells what it sees, and knows how far it is.
export function reader() {
  const room = {
    seq: 0,
    read(body) {
      const event = JSON.parse(body);
      if (event.type === 'MESSAGE') room.seq = event.seq;
      say('message', { type: event.type, content: event.content, seq: event.seq });
    },
  };
  return room;
}
