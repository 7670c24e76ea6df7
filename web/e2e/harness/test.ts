import { type Browser, test as base, expect } from '@playwright/test';
import { Maru, type Person } from './maru';
import { Agent, Customer, type Look, type Someone, Watch } from './people';
import { Member } from './rooms';

/** Who comes to a test; all leave after it. */
export interface Cast {
  customer(look?: Look): Promise<Customer>;
  agent(person: Person, look?: Look): Promise<Agent>;
  /** On the page of rooms, or at a path of it: with a log-in, or as a guest of that name. */
  member(who: Person | string, look?: Look, path?: string): Promise<Member>;
}

interface Fixtures {
  watch: Watch;
  cast: Cast;
  /** A cast before a server of the test's own. */
  castOf: (maru: Maru) => Cast;
}

function castFor(browser: Browser, maru: Maru, watch: Watch, present: Someone[]): Cast {
  return {
    async customer(look) {
      const customer = await Customer.arrive(browser, maru, watch, look);
      present.push(customer);
      return customer;
    },
    async agent(person, look) {
      const agent = await Agent.logIn(browser, maru, watch, person, look);
      present.push(agent);
      return agent;
    },
    async member(who, look, path) {
      const member = await Member.arrive(browser, maru, watch, who, look, path);
      present.push(member);
      return member;
    },
  };
}

export const test = base.extend<Fixtures, { maru: Maru }>({
  maru: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of what a fixture needs
    async ({}, use) => {
      const maru = await Maru.begin();
      await use(maru);
      await maru.stop();
    },
    { scope: 'worker' },
  ],
  // biome-ignore lint/correctness/noEmptyPattern: as above
  watch: async ({}, use) => {
    const watch = new Watch();
    await use(watch);
    expect(watch.faults).toEqual([]);
  },
  castOf: async ({ browser, watch }, use) => {
    const present: Someone[] = [];
    await use(maru => castFor(browser, maru, watch, present));
    for (const one of present) await one.leave();
  },
  cast: async ({ maru, castOf }, use) => {
    await use(castOf(maru));
  },
});

export type { Locator, Page } from '@playwright/test';
export { expect };
