import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  expect,
  type Locator,
  type Page,
} from '@playwright/test';
import { type Maru, PASSWORD, type Person } from './maru';
import { type Locale, wordsOf } from './words';

export interface Look {
  locale?: Locale;
  width?: 390 | 1280;
  scheme?: 'light' | 'dark';
  /** Of a customer. */
  name?: string;
}

/** What a page must never do: break its own CSP, or fail without a catch. */
export class Watch {
  readonly faults: string[] = [];

  async over(context: BrowserContext): Promise<void> {
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', event => {
        console.error(
          `CSP violation: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`,
        );
      });
    });
    context.on('console', message => {
      if (/CSP violation|Content Security Policy|Trusted ?Type/i.test(message.text()))
        this.faults.push(message.text());
    });
    context.on('weberror', error => this.faults.push(String(error.error().stack)));
  }
}

export function contextOf({ locale = 'ko', width = 1280, scheme = 'light' }: Look): BrowserContextOptions {
  return {
    locale: locale === 'ko' ? 'ko-KR' : 'en-GB',
    timezoneId: 'Asia/Seoul',
    colorScheme: scheme,
    viewport: { width, height: width === 390 ? 844 : 800 },
    reducedMotion: 'reduce',
  };
}

/** Somebody before a browser of their own. */
export class Someone {
  constructor(
    readonly maru: Maru,
    readonly context: BrowserContext,
    readonly page: Page,
    readonly words: ReturnType<typeof wordsOf>,
  ) {}

  button(key: string): Locator {
    return this.page.getByRole('button', { name: this.words(key), exact: true });
  }

  async leave(): Promise<void> {
    await this.context.close();
  }
}

/** A customer on the customers' page. */
export class Customer extends Someone {
  sessionId = 0;

  static async arrive(browser: Browser, maru: Maru, watch: Watch, look: Look = {}): Promise<Customer> {
    const context = await browser.newContext(contextOf(look));
    await watch.over(context);
    const page = await context.newPage();
    const customer = new Customer(maru, context, page, wordsOf(look.locale ?? 'ko'));
    await page.goto(`${maru.url}/support`);
    await page.getByLabel(customer.words('support.name')).fill(look.name ?? '홍길동');
    await customer.button('support.guest').click();
    return customer;
  }

  get box(): Locator {
    return this.page.getByRole('textbox');
  }

  get log(): Locator {
    return this.page.getByRole('region', { name: this.words('messages'), exact: true });
  }

  /** Chooses the first category; the session's number is read from the answer. */
  async ask(first?: string): Promise<number> {
    const answer = this.page.waitForResponse(
      response => response.url().endsWith('/api/chat/sessions') && response.request().method() === 'POST',
    );
    await this.page
      .getByRole('list', { name: this.words('ask.categories') })
      .getByRole('button')
      .first()
      .click();
    this.sessionId = ((await (await answer).json()) as { sessionId: number }).sessionId;
    await expect(this.box).toBeVisible();
    if (first !== undefined) await this.say(first);
    return this.sessionId;
  }

  async say(text: string): Promise<void> {
    await this.box.fill(text);
    await this.box.press('Enter');
  }

  message(text: string): Locator {
    return this.log.locator('p[data-state]', { hasText: text });
  }

  /** Another tab of the same browser. */
  async secondTab(): Promise<Customer> {
    const page = await this.context.newPage();
    await page.goto(`${this.maru.url}/support`);
    const tab = new Customer(this.maru, this.context, page, this.words);
    tab.sessionId = this.sessionId;
    return tab;
  }
}

/** An agent in the console. */
export class Agent extends Someone {
  static async logIn(
    browser: Browser,
    maru: Maru,
    watch: Watch,
    person: Person,
    look: Look = {},
  ): Promise<Agent> {
    const context = await browser.newContext(contextOf(look));
    await watch.over(context);
    const page = await context.newPage();
    const agent = new Agent(maru, context, page, wordsOf(look.locale ?? 'ko'));
    await page.goto(`${maru.url}/console/`);
    await agent.enter(person.username);
    await expect(agent.chip).toHaveText(agent.words('chip.live'));
    return agent;
  }

  async enter(username: string, password = PASSWORD): Promise<void> {
    await this.page.getByLabel(this.words('login.username')).fill(username);
    await this.page.getByLabel(this.words('login.password')).fill(password);
    await this.page.getByLabel(this.words('login.password')).press('Enter');
  }

  get chip(): Locator {
    return this.page.getByRole('status', { name: this.words('chip.label') });
  }

  get box(): Locator {
    return this.conversation.getByRole('textbox');
  }

  get conversation(): Locator {
    return this.page.getByRole('region', { name: this.words('pane.conversation'), exact: true });
  }

  get log(): Locator {
    return this.page.getByRole('region', { name: this.words('conversation.messages'), exact: true });
  }

  row(sessionId: number): Locator {
    return this.page.locator(`li[data-row="${sessionId}"]`);
  }

  async view(name: 'waiting' | 'mine' | 'all'): Promise<void> {
    await this.page
      .getByRole('navigation', { name: this.words('views') })
      .getByRole('link', { name: this.words(`view.${name}`) })
      .click();
  }

  async open(sessionId: number, view: 'waiting' | 'mine' | 'all' = 'waiting'): Promise<void> {
    await this.view(view);
    await this.row(sessionId).getByRole('link').click();
    await expect(this.log).toBeVisible();
  }

  /** Takes a waiting chat. */
  async take(sessionId: number): Promise<void> {
    await this.open(sessionId);
    await this.button('conversation.start').click();
    await expect(this.box).toBeVisible();
  }

  async say(text: string): Promise<void> {
    await this.box.fill(text);
    await this.box.press('Enter');
  }

  message(text: string): Locator {
    return this.log.locator('p[data-state]', { hasText: text });
  }

  /** Says whether chats are taken. */
  async be(availability: 'AVAILABLE' | 'BUSY' | 'AWAY'): Promise<void> {
    await this.page.getByRole('button', { name: `${this.words('availability')}:` }).click();
    const choices = this.page.getByRole('dialog', { name: this.words('availability') });
    await choices.getByRole('button', { name: this.words(`availability.${availability}`) }).click();
    await expect(choices).toBeHidden();
  }

  async end(reason = 'RESOLVED'): Promise<void> {
    await this.button('conversation.end').click();
    const dialog = this.page.getByRole('dialog');
    await dialog.getByText(this.words(`reason.${reason}`), { exact: true }).click();
    await dialog.getByRole('button', { name: this.words('end.submit') }).click();
    await expect(dialog).toBeHidden();
  }
}
