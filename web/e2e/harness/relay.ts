import { connect, createServer, type Socket } from 'node:net';

/** A wire that can be cut: what connects to it is carried to a server, until the wire is cut. */
export interface Relay {
  url: string;
  /** Ends all connections without a word; new ones end too. */
  cut(): void;
  /** New connections are carried again. */
  mend(): void;
  close(): Promise<void>;
}

export async function relayTo(server: string): Promise<Relay> {
  const { hostname, port } = new URL(server);
  const ends = new Set<Socket>();
  let whole = true;
  const listener = createServer(near => {
    if (!whole) {
      near.destroy();
      return;
    }
    const far = connect(Number(port), hostname);
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      ends.add(end);
      end.pipe(other);
      // How it ends, both sides see for themselves.
      end.on('error', () => {});
      end.on('close', () => {
        ends.delete(end);
        other.destroy();
      });
    }
  });
  await new Promise<void>(done => listener.listen(0, '127.0.0.1', done));
  const address = listener.address();
  const own = address !== null && typeof address === 'object' ? address.port : 0;
  const cut = () => {
    whole = false;
    for (const end of ends) end.destroy();
  };
  return {
    url: `http://127.0.0.1:${own}`,
    cut,
    mend: () => {
      whole = true;
    },
    close: () =>
      new Promise(done => {
        cut();
        listener.close(() => done());
      }),
  };
}
