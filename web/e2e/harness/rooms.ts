import { type Browser, expect, type Locator } from '@playwright/test';
import { WebSocket } from 'ws';
import { AGENTS, type Maru, PASSWORD, type Person } from './maru';
import { contextOf, type Look, Someone, type Watch } from './people';
import { wordsOf } from './words';

type Json = Record<string, unknown>;

async function call(maru: Maru, method: string, path: string, token: string, body?: Json): Promise<Json> {
  const answer = await fetch(maru.url + path, {
    method,
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: body && JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Json;
}

/** A guest who is only there by REST. */
export interface Guest {
  code: string;
  token: string;
}

export async function guestOf(maru: Maru, name: string): Promise<Guest> {
  const { accessToken, user } = await call(maru, 'POST', '/api/auth/guest', '', { name });
  return { code: (user as { userCode: string }).userCode, token: accessToken as string };
}

/** A plain room that the administrator made and manages. */
export class Room {
  private constructor(
    readonly maru: Maru,
    readonly id: number,
    readonly name: string,
    readonly token: string,
  ) {}

  static async make(maru: Maru, body: Json & { name: string }): Promise<Room> {
    const { accessToken } = await call(maru, 'POST', '/api/auth/login', '', {
      username: AGENTS.admin.username,
      password: PASSWORD,
    });
    const token = accessToken as string;
    const { roomId } = await call(maru, 'POST', '/api/chat/rooms', token, body);
    return new Room(maru, roomId as number, body.name, token);
  }

  get path(): string {
    return `/api/chat/rooms/${this.id}`;
  }

  do(what: 'notices' | 'close' | 'members', body: Json = {}): Promise<Json> {
    return call(this.maru, 'POST', `${this.path}/${what}`, this.token, body);
  }

  remove(code: string): Promise<Json> {
    return call(this.maru, 'DELETE', `${this.path}/members/${code}`, this.token);
  }

  join({ token }: Guest): Promise<Json> {
    return call(this.maru, 'POST', `${this.path}/join`, token, {});
  }

  /** Says all of this in order, over the room's own WebSocket; it is stored when this returns. */
  async say({ token }: Guest, contents: readonly string[]): Promise<void> {
    const url = `${this.maru.url.replace('http', 'ws')}/chat/${this.id}`;
    const socket = new WebSocket(url, ['bearer', token]);
    await new Promise<void>((done, failed) => {
      let heard = 0;
      socket.on('error', failed);
      socket.on('open', () => {
        for (const content of contents) socket.send(JSON.stringify({ content }));
      });
      socket.on('message', data => {
        const event = JSON.parse(String(data)) as Json;
        if (event.type === 'ERROR') failed(new Error(String(data)));
        if (event.type === 'MESSAGE') heard += 1;
        if (heard === contents.length) done();
      });
    });
    socket.close();
  }
}

/** Somebody on the page of rooms. */
export class Member extends Someone {
  static async arrive(
    browser: Browser,
    maru: Maru,
    watch: Watch,
    who: Person | string,
    look: Look = {},
    path = '/rooms',
  ): Promise<Member> {
    const context = await browser.newContext(contextOf(look));
    await watch.over(context);
    const page = await context.newPage();
    const member = new Member(maru, context, page, wordsOf(look.locale ?? 'ko'));
    await page.goto(maru.url + path);
    if (typeof who === 'string') {
      await page.getByLabel(member.words('support.name')).fill(who);
      await member.button('support.guest').click();
    } else {
      await page.getByLabel(member.words('support.username')).fill(who.username);
      await page.getByLabel(member.words('support.password')).fill(PASSWORD);
      await page.getByLabel(member.words('support.password')).press('Enter');
    }
    await expect(page.getByRole('button', { name: member.words('rooms.logout') })).toBeVisible();
    return member;
  }

  get box(): Locator {
    return this.page.getByRole('textbox', { name: this.words('composer'), exact: true });
  }

  get log(): Locator {
    return this.page.getByRole('region', { name: this.words('messages'), exact: true });
  }

  get people(): Locator {
    return this.page.getByRole('complementary', { name: this.words('rooms.people') });
  }

  get notices(): Locator {
    return this.page.getByRole('region', { name: this.words('rooms.notices'), exact: true }).first();
  }

  /** From the list into a room; in one that is open to join, through its door. */
  async enter(room: Room): Promise<void> {
    await this.page.getByRole('link', { name: room.name }).click();
    const door = this.button('rooms.join');
    await expect(door.or(this.box)).toBeVisible();
    if (await door.isVisible()) await door.click();
    await expect(this.box).toBeVisible();
  }

  async say(text: string): Promise<void> {
    await this.box.fill(text);
    await this.box.press('Enter');
  }

  message(text: string): Locator {
    return this.log.locator('p[data-state]', { hasText: text });
  }

  person(name: string): Locator {
    return this.people.getByRole('listitem').filter({ hasText: name });
  }
}
