// The size gate: what a customer's browser downloads for the widget, gzip -9. Over the limit the build fails.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const LIMITS = { loader: 4000, sum: 30000, pages: 60000, console: 220000 };

async function gzipped(dist, path) {
  return gzipSync(await readFile(join(dist, path)), { level: 9 }).length;
}

/** Every script and style a page ever loads, now or later; of the two languages one, the larger. */
async function filesOf(dist, page) {
  const html = await readFile(join(dist, page), 'utf8');
  const files = new Set([...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)].map(m => m[1]));
  for (const file of files) {
    if (!file.endsWith('.js')) continue;
    const code = await readFile(join(dist, file), 'utf8');
    for (const [, name] of code.matchAll(/(?:from|import\(?)\s*[`"']\.\/([\w.-]+\.js)[`"']/g)) {
      if (!name.startsWith('en-')) files.add(`assets/${name}`);
    }
  }
  return [page, ...files];
}

async function sizeOf(dist, page) {
  let sum = 0;
  for (const file of await filesOf(dist, page)) sum += await gzipped(dist, file);
  return sum;
}

export async function checkSizes(dist) {
  const loader = await gzipped(dist, 'widget.js');
  const frame = await sizeOf(dist, 'widget/frame.html');
  const rows = [
    ['widget.js', loader, LIMITS.loader],
    ['widget.js + frame', loader + frame, LIMITS.sum],
    ['home', await sizeOf(dist, 'index.html'), LIMITS.pages],
    ['support', await sizeOf(dist, 'support/index.html'), LIMITS.pages],
    ['rooms', await sizeOf(dist, 'rooms/index.html'), LIMITS.pages],
    ['shop', await sizeOf(dist, 'shop/index.html'), LIMITS.pages],
    ['console', await sizeOf(dist, 'console/index.html'), LIMITS.console],
  ];
  for (const [name, size, limit] of rows) {
    console.log(`${name.padEnd(18)} ${String(size).padStart(7)} B gzip of ${limit}`);
  }
  const over = rows.filter(([, size, limit]) => size > limit);
  if (over.length > 0) {
    throw new Error(`too large: ${over.map(([name]) => name).join(', ')}`);
  }
  return (await readdir(dist)).length;
}
