import { createServer } from 'node:http';

export interface Host {
  /** Another origin of the server's own site: the frame may keep what it must. */
  near: string;
  /** Another site: private windows give the frame no storage there. */
  far: string;
  close(): Promise<void>;
}

/** A shop on an origin of its own that embeds the widget, with as strict a policy as a host can have. */
export async function hostPage(maru: string, accent?: string): Promise<Host> {
  const policy = [
    "default-src 'none'",
    `script-src ${maru}`,
    `frame-src ${maru}`,
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  const page = `<!doctype html><html lang="ko"><meta charset="utf-8"><title>가게</title>
<h1>가게</h1><p><a href="#x">다른 링크</a></p><script src="${maru}/widget.js" async${accent ? ` data-accent="${accent}"` : ''}></script></html>`;
  const server = createServer((_request, response) => {
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
    });
    response.end(page);
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    near: `http://127.0.0.1:${port}/`,
    far: `http://localhost:${port}/`,
    close: () =>
      new Promise(done => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
