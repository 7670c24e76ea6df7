import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const BIN = resolve(ROOT, process.env.MARU_BIN ?? 'target/debug/maru');
const READY_MS = 20_000;
const STOP_MS = 12_000;

export interface Person {
  code: string;
  name: string;
  role: 'agent' | 'admin';
  username: string;
}

export const PASSWORD = 'quiet-hall-2026';
export const AGENTS = {
  kim: { code: 'AGT001', name: '김상담', role: 'agent', username: 'kim' },
  park: { code: 'AGT002', name: '박이슬', role: 'agent', username: 'park' },
  admin: { code: 'ADM001', name: '최관리', role: 'admin', username: 'admin' },
} as const satisfies Record<string, Person>;

/** Limits that a test run would meet are off; leaving is noticed after one second. */
const SETTINGS = {
  MARU_LOG__FILTER: 'warn',
  MARU_LIMITS__LOGINS_PER_MINUTE_PER_ADDRESS: '0',
  MARU_LIMITS__CONNECTS_PER_MINUTE_PER_ADDRESS: '0',
  MARU_LIMITS__SESSIONS_PER_HOUR_PER_CUSTOMER: '0',
  MARU_LIMITS__SENDS_PER_SECOND_PER_USER: '0',
  MARU_SUPPORT__LEAVE_AFTER_S: '1',
};

/** Workers whose process ids lie side by side have a hundred ports each. */
let nextPort = 10_000 + (process.pid % 200) * 100;

/** A port that nobody listens on. Below the range that outgoing connections take theirs from, so that a server can come back to it. */
async function freePort(): Promise<number> {
  for (;;) {
    nextPort = nextPort > 32_000 ? 10_000 : nextPort + 1;
    const port = nextPort;
    const free = await new Promise<boolean>(done => {
      const probe = createServer();
      probe.once('error', () => done(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => done(true)));
    });
    if (free) return port;
  }
}

/** A server of its own: its binary, its port, its data folder. */
export class Maru {
  readonly url: string;
  readonly #data: string;
  readonly #env: NodeJS.ProcessEnv;
  #process: ChildProcess | null = null;
  #said = '';

  private constructor(data: string, port: number, settings: Record<string, string>) {
    this.#data = data;
    this.url = `http://127.0.0.1:${port}`;
    this.#env = {
      ...process.env,
      ...SETTINGS,
      MARU_SERVER__DATA_DIR: data,
      MARU_SERVER__LISTEN: `127.0.0.1:${port}`,
      ...settings,
    };
  }

  static readonly #left = new Set<Maru>();

  static {
    // A test that fails stops no server of its own.
    process.on('exit', () => {
      for (const maru of Maru.#left) {
        maru.#process?.kill('SIGKILL');
        rmSync(maru.#data, { recursive: true, force: true });
      }
    });
  }

  /** A started server with the agents of `AGENTS`. */
  static async begin(settings: Record<string, string> = {}): Promise<Maru> {
    const data = await mkdtemp(join(tmpdir(), 'maru-e2e-'));
    const maru = new Maru(data, await freePort(), settings);
    Maru.#left.add(maru);
    for (const person of Object.values(AGENTS)) maru.#add(person);
    await maru.start();
    return maru;
  }

  async start(): Promise<void> {
    const child = spawn(BIN, ['serve'], {
      env: this.#env,
      cwd: this.#data,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', chunk => {
        this.#said = (this.#said + chunk).slice(-20_000);
      });
    }
    const until = Date.now() + READY_MS;
    for (let ready = false; !ready; ready = await this.#isReady()) {
      await new Promise(done => setTimeout(done, 50));
      if (child.exitCode !== null || Date.now() > until)
        throw new Error(`maru did not start:\n${this.#said}`);
    }
  }

  /** SIGKILL: nothing is said, nothing is flushed. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    await rm(this.#data, { recursive: true, force: true });
    Maru.#left.delete(this);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null) return;
    const gone = new Promise(done => child.once('exit', done));
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await gone;
    clearTimeout(timer);
  }

  async #isReady(): Promise<boolean> {
    return await fetch(`${this.url}/health/ready`).then(
      answer => answer.ok,
      () => false,
    );
  }

  #add({ code, name, role, username }: Person): void {
    const args = ['user', 'add', '--code', code, '--name', name, '--role', role, '--username', username];
    const done = spawnSync(BIN, [...args, '--password-stdin'], {
      env: this.#env,
      cwd: this.#data,
      input: `${PASSWORD}\n`,
      encoding: 'utf8',
    });
    if (done.status !== 0) throw new Error(`maru user add failed: ${done.stderr}${done.error ?? ''}`);
  }
}
